import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isEmpty } from "../../src/rules/plan/index.ts";
import { type GoogleMischief, membersIn } from "../support/google-model.ts";
import { email, googleWorld, type GoogleWorld, principal } from "./google-world.ts";

async function finished(world: GoogleWorld): Promise<void> {
  const { failed } = await world.up();
  assert.deepEqual(
    failed.map(({ error }) => error.message),
    [],
  );
  assert.ok(isEmpty(await world.plan()));
}

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
