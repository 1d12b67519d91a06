import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isEmpty } from "../../src/rules/plan/index.ts";
import { type GoogleMischief, membersIn } from "../support/google-model.ts";
import { email, googleWorld, type GoogleWorld, principal } from "./google-world.ts";

/** What has to be the same wherever a run was cut off. */
function shape({ google: { iam } }: GoogleWorld): object {
  const pool = iam.pool("prod");
  const provider = iam.provider("prod", "prod");
  return {
    pools: iam.pools.size,
    pool: [pool?.state, pool?.fields],
    provider: [provider?.state, provider?.fields, pool?.providers.size],
    members: membersIn(iam.policies.get(email) ?? {}),
  };
}

/** Ends a run at its n-th request of any kind; gives how many it made. */
async function endedAt(
  world: GoogleWorld,
  n: number,
  run: (signal: AbortSignal) => Promise<unknown>,
): Promise<number> {
  const ending = new AbortController();
  const { calls } = world.google;
  calls.length = 0;
  const { push } = calls;
  calls.push = (...lines) => {
    const length = push.apply(calls, lines);
    if (length === n) ending.abort();
    return length;
  };
  await run(ending.signal).catch(() => {});
  calls.push = push;
  return calls.length;
}

const up = (world: GoogleWorld) => (signal: AbortSignal) => world.up({}, signal);
const down = (world: GoogleWorld) => (signal: AbortSignal) => world.down(signal);

async function finished(world: GoogleWorld): Promise<void> {
  const { failed } = await world.up();
  assert.deepEqual(
    failed.map(({ error }) => error.message),
    [],
  );
  assert.ok(isEmpty(await world.plan()));
}

describe("a run at Google that is ended", () => {
  test("at any of its calls is finished by the next, with nothing made twice", async (t) => {
    const whole = await googleWorld(t);
    const calls = await endedAt(whole, Infinity, up(whole));
    const wanted = shape(whole);
    assert.ok(calls >= 10, `${calls} calls`);
    for (let n = 1; n <= calls; n += 1) {
      const world = await googleWorld(t);
      await endedAt(world, n, up(world));
      await finished(world);
      assert.deepEqual(shape(world), wanted, `after call ${n}`);
    }
  });

  test("on the way down at any of its calls is finished by the next, and up again after that", async (t) => {
    const whole = await googleWorld(t);
    await finished(whole);
    const wanted = shape(whole);
    const calls = await endedAt(whole, Infinity, down(whole));
    const gone = shape(whole);
    for (let n = 1; n <= calls; n += 1) {
      const world = await googleWorld(t);
      await finished(world);
      await endedAt(world, n, down(world));
      assert.deepEqual((await world.down()).failed, [], `after call ${n}`);
      assert.deepEqual(shape(world), gone, `after call ${n}`);
    }
    await finished(whole);
    assert.deepEqual(shape(whole), wanted);
  });
});

describe("an API of Google's that misbehaves", () => {
  const kinds: readonly GoogleMischief[] = [
    "conflict",
    "late-503",
    "lost-answer",
    "rate-limit",
    "reset",
    "unavailable",
  ];
  const places = [/^POST .*Pools$/u, /^POST .*providers$/u, /:setIamPolicy$/u, /^GET /u, /^DELETE /u];
  for (const what of kinds) {
    test(`with ${what} at each kind of call comes up and goes down in one run`, async (t) => {
      for (const at of places) {
        // A read is not refused for what others do.
        if (what === "conflict" && at.source.startsWith("^GET")) continue;
        const world = await googleWorld(t);
        world.google.misbehave(what, at, 2);
        await finished(world);
        assert.deepEqual(membersIn(world.google.iam.policies.get(email) ?? {}), [principal()]);
        world.google.misbehave(what, at, 2);
        assert.deepEqual((await world.down()).failed, []);
        assert.equal(world.google.iam.pool("prod")?.state, "DELETED");
      }
    });
  }

  test("whose quota is used up is waited for as it says, and not for ever", async (t) => {
    const world = await googleWorld(t);
    world.google.misbehave("rate-limit", /^POST .*Pools$/u, 3);
    await finished(world);
    assert.ok(world.clock.waits.filter((ms) => ms >= 7000).length >= 3, world.clock.waits.join());
    const other = await googleWorld(t);
    other.google.misbehave("rate-limit", /^POST .*Pools$/u, Infinity);
    const { failed } = await other.up();
    assert.deepEqual(
      failed.map(({ error }) => error.code),
      ["gcp-throttled"],
    );
  });

  test("whose operations take their time is waited for, and one that never ends is given up", async (t) => {
    const world = await googleWorld(t);
    world.google.iam.looks = 20;
    await finished(world);
    const other = await googleWorld(t);
    other.google.iam.looks = Infinity;
    const { failed } = await other.up();
    assert.deepEqual(
      failed.map(({ error }) => error.code),
      ["gcp-operation-late"],
    );
  });
});

test("two runs at once make each thing once, and the next has nothing to do", async (t) => {
  const world = await googleWorld(t);
  world.google.iam.looks = 3;
  const outcomes = await Promise.all([world.up(), world.up()]);
  const failures = outcomes.flatMap(({ failed }) => failed.map(({ error }) => error.message));
  assert.deepEqual(failures, []);
  assert.ok(isEmpty(await world.plan()));
  assert.deepEqual(membersIn(world.google.iam.policies.get(email) ?? {}), [principal()]);
});
