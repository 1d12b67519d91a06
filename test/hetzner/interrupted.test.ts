import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { newSshKeyPair } from "../../src/providers/host/index.ts";
import type { StandInHetznerOptions } from "../../src/sandbox/index.ts";
import {
  type Contents,
  type HetznerWorld,
  hetznerWorld,
  machineConfig,
  nothing,
} from "../support/hetzner-world.ts";

/** A world whose machine is protected, so that there is one more thing to write. */
async function world(t: TestContext, options: StandInHetznerOptions = {}): Promise<HetznerWorld> {
  const made = await hetznerWorld(t, options);
  await made.config(machineConfig("", "protect: true"));
  return made;
}

/** What has to be the same wherever a run was cut off; ids and addresses are each time others. */
function shape({ sshKeys, firewalls, primaryIps, servers }: Contents): object {
  const [server, ...others] = servers;
  return {
    sshKeys: sshKeys.map(({ name, labels }) => [name, labels]),
    firewalls: firewalls.map(({ name, labels, rules }) => [name, labels, rules.length]),
    primaryIps: [...primaryIps]
      .sort((a, b) => a.name.localeCompare(b.name))
      .map(({ name, labels, protection, assignee_id: id }) => [name, labels, protection, id === server?.id]),
    servers: [
      server?.status,
      server?.protection,
      server?.public_net.firewalls.map(({ id, status }) => [id === firewalls[0]?.id, status]),
      others.length,
    ],
  };
}

/** Runs a command whose host ends it at its n-th write; gives how many it got to do. */
async function endedAt(made: HetznerWorld, n: number, args: readonly string[]): Promise<number> {
  const ending = new AbortController();
  let writes = 0;
  made.onWrite = () => {
    writes += 1;
    if (writes === n) ending.abort();
  };
  await made.podtrust(args, { signal: ending.signal });
  made.onWrite = () => {};
  return writes;
}

async function taken(made: HetznerWorld): Promise<void> {
  await made.config(machineConfig());
  const unprotected = await made.podtrust(["up", "--yes"]);
  assert.equal(unprotected.code, 0, unprotected.err);
}

describe("a run at Hetzner that is ended", () => {
  test("at any of its writes is finished by the next, with nothing made twice and nothing left over", async (t) => {
    const whole = await world(t);
    const writes = await endedAt(whole, Infinity, ["up", "--yes"]);
    const wanted = shape(whole.contents());
    assert.ok(writes >= 8, `${writes} writes`);
    for (let n = 1; n <= writes; n += 1) {
      const made = await world(t);
      await endedAt(made, n, ["up", "--yes"]);
      const again = await made.podtrust(["up", "--yes"]);
      assert.equal(again.code, 0, `after write ${n}\n${again.out}${again.err}`);
      assert.deepEqual(shape(made.contents()), wanted, `after write ${n}`);
      assert.deepEqual(await made.planned(), []);
    }
  });

  test("on the way down is finished by the next", async (t) => {
    const whole = await world(t);
    await whole.podtrust(["up", "--yes"]);
    await taken(whole);
    const writes = await endedAt(whole, Infinity, ["down", "--confirm", "prod"]);
    assert.deepEqual(whole.contents(), nothing);
    for (let n = 1; n <= Math.min(writes, 12); n += 1) {
      const made = await hetznerWorld(t);
      await made.podtrust(["up", "--yes"]);
      await endedAt(made, n, ["down", "--confirm", "prod"]);
      const again = await made.podtrust(["down", "--confirm", "prod"]);
      assert.equal(again.code, 0, `after write ${n}\n${again.out}${again.err}`);
      assert.deepEqual(made.contents(), nothing, `after write ${n}`);
    }
  });
});

describe("an API of Hetzner's that misbehaves", () => {
  const kinds = [
    "lost-answer",
    "late-timeout",
    "bad-gateway",
    "timeout",
    "conflict",
    "rate-limit",
    "reset",
    "unavailable",
  ] as const;
  const paths = ["ssh_keys", "firewalls", "primary_ips", "servers"] as const;

  for (const what of kinds) {
    test(`with ${what} at each creation makes each thing once, in one run`, async (t) => {
      for (const path of paths) {
        const made = await world(t);
        made.hetzner.misbehave({ what, method: "POST", path, times: 2 });
        const up = await made.podtrust(["up", "--yes"]);
        assert.equal(up.code, 0, `${path}\n${up.out}${up.err}`);
        const { sshKeys, firewalls, primaryIps, servers } = made.contents();
        const counts = [sshKeys, firewalls, primaryIps, servers].map(({ length }) => length);
        assert.deepEqual(counts, [1, 1, 2, 1], path);
        assert.deepEqual(await made.planned(), []);
      }
    });

    test(`with ${what} at each deletion and at reading leaves nothing, in one run`, async (t) => {
      const made = await hetznerWorld(t);
      for (const path of paths) made.hetzner.misbehave({ what, method: "GET", path });
      assert.equal((await made.podtrust(["up", "--yes"])).code, 0);
      for (const path of paths) made.hetzner.misbehave({ what, method: "DELETE", path });
      const down = await made.podtrust(["down", "--confirm", "prod"]);
      assert.equal(down.code, 0, down.out + down.err);
      assert.deepEqual(made.contents(), nothing);
    });
  }

  for (const seed of [1, 2, 3, 4, 5]) {
    test(`by chance, one request in five (seed ${seed}), keeps nobody from coming up and down`, async (t) => {
      const made = await hetznerWorld(t, { mischief: { rate: 0.2, seed } });
      const up = await made.podtrust(["up", "--yes"]);
      assert.equal(up.code, 0, up.out + up.err);
      assert.deepEqual(await made.planned(), []);
      const down = await made.podtrust(["down", "--confirm", "prod"]);
      assert.equal(down.code, 0, down.out + down.err);
      assert.deepEqual(made.contents(), nothing);
    });
  }

  for (const lag of [1000, 4000]) {
    test(`whose lists and single resources lag ${lag / 1000} s behind what was made keeps nobody from coming up, in one run`, async (t) => {
      const made = await world(t, { lag });
      const up = await made.podtrust(["up", "--yes"]);
      assert.equal(up.code, 0, up.out + up.err);
      const { sshKeys, firewalls, primaryIps, servers } = made.contents();
      const counts = [sshKeys, firewalls, primaryIps, servers].map(({ length }) => length);
      assert.deepEqual(counts, [1, 1, 2, 1]);
      await made.clock.sleep(lag);
      assert.deepEqual(await made.planned(), []);
    });

    test(`whose answers are lost, and whose lists lag ${lag / 1000} s, makes each thing once, in one run`, async (t) => {
      for (const path of paths) {
        const made = await world(t, { lag });
        made.hetzner.misbehave({ what: "lost-answer", method: "POST", path });
        const up = await made.podtrust(["up", "--yes"]);
        assert.equal(up.code, 0, `${path}\n${up.out}${up.err}`);
        const { sshKeys, firewalls, primaryIps, servers } = made.contents();
        const counts = [sshKeys, firewalls, primaryIps, servers].map(({ length }) => length);
        assert.deepEqual(counts, [1, 1, 2, 1], path);
      }
    });
  }

  const variants: NonNullable<StandInHetznerOptions["variants"]>[] = [
    { freeAssigneeType: "server" },
    { readOnlyRefusal: "token_readonly" },
    { invalidInputDetails: false },
  ];
  for (const one of variants) {
    test(`with the documented variant ${JSON.stringify(one)} makes no difference`, async (t) => {
      const made = await hetznerWorld(t, { variants: one });
      assert.equal((await made.podtrust(["up", "--yes"])).code, 0);
      assert.deepEqual(await made.planned(), []);
      assert.equal((await made.podtrust(["down", "--confirm", "prod"])).code, 0);
      assert.deepEqual(made.contents(), nothing);
    });
  }

  test("whose hourly budget is used up is waited for, as its headers say", async (t) => {
    const made = await hetznerWorld(t, { requestsPerHour: 30 });
    const up = await made.podtrust(["up", "--yes"]);
    assert.equal(up.code, 0, up.out + up.err);
    assert.match(up.err, /budget of 30 requests an hour is used up/u);
    assert.ok(made.clock.waits.filter((ms) => ms === 120_000).length > 5, "one request in two minutes");
  });
});

test("two runs at once make each thing once, and the next has nothing to do", async (t) => {
  const made = await hetznerWorld(t);
  await Promise.all([made.podtrust(["up", "--yes"]), made.podtrust(["up", "--yes"])]);
  const { sshKeys, firewalls, primaryIps, servers } = made.contents();
  assert.deepEqual(
    [sshKeys, firewalls, primaryIps, servers].map(({ length }) => length),
    [1, 1, 2, 1],
  );
  const again = await made.podtrust(["up", "--yes"]);
  assert.deepEqual([again.code, await made.planned()], [0, []], again.err);
});

test("two stacks with one login key that are first made at once share it, and each has its machine in one run", async (t) => {
  const made = await hetznerWorld(t);
  await writeFile(join(made.folder, "k.pub"), newSshKeyPair("me").publicKey);
  const text = machineConfig("", "sshKey: k.pub");
  await made.config(text);
  await writeFile(join(made.folder, "dev.yaml"), text.replace("stack: prod", "stack: dev"));
  const both = await Promise.all([
    made.podtrust(["up", "--yes"]),
    made.podtrust(["up", "--yes", "-f", "dev.yaml"]),
  ]);
  for (const { code, out, err } of both) assert.equal(code, 0, out + err);
  const { sshKeys, servers } = made.contents();
  assert.deepEqual([sshKeys.length, servers.map(({ name }) => name).toSorted()], [1, ["dev", "prod"]]);
});
