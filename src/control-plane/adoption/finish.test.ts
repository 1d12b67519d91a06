/** When the former issuer may go, and when the files may go back: counted from the switch, and from no start of a process. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AdoptionServers, hour, old, ours } from "../../../test/support/adoption-servers.ts";
import { PodtrustError } from "../../core/base/index.ts";

/** What keeps a way from going on; undefined where it came to its end. */
async function waits(carried: Promise<unknown>): Promise<string | undefined> {
  try {
    await carried;
    return undefined;
  } catch (error) {
    if (error instanceof PodtrustError && error.code === "adoption-waits") return error.message;
    throw error;
  }
}

/** Servers that have just been switched, and a pod that was made a while later. */
async function switched(count: number): Promise<AdoptionServers> {
  const world = await AdoptionServers.start(count);
  // As the run that switched them ends, or the first command after it.
  world.begins("before");
  assert.match((await waits(world.finish())) ?? "", /one pod may hold a token/u);
  await world.clock.sleep(hour);
  world.pods = [];
  world.begins("web");
  await world.clock.sleep(60_000);
  return world;
}

describe("the former issuer is removed from all API servers in one run, although each restarts for it", () => {
  for (const count of [1, 2, 3]) {
    test(`where there ${count === 1 ? "is one" : `are ${count}`}`, async () => {
      const world = await switched(count);
      assert.equal(await waits(world.finish()), undefined);
      assert.deepEqual(
        world.issuers,
        Array.from({ length: count }, () => [ours]),
      );
      assert.deepEqual(world.notices, []);
    });

    test(`where ${count} of ${count} rebooted, or were upgraded, since the switch`, async () => {
      const world = await switched(count);
      for (const server of world.servers) server.restart();
      assert.equal(await waits(world.finish()), undefined);
      assert.deepEqual(
        world.issuers,
        Array.from({ length: count }, () => [ours]),
      );
    });
  }

  test("wherever a run of it was cut off after some of them", async () => {
    const world = await switched(3);
    const [first] = world.servers;
    assert.ok(first !== undefined);
    first.issuers = [ours];
    first.restart();
    assert.equal(await waits(world.finish()), undefined);
    assert.deepEqual(world.issuers, [[ours], [ours], [ours]]);
  });

  test("where one of them is a machine that was made anew, and remembers nothing", async () => {
    const world = await switched(3);
    const [, second] = world.servers;
    assert.ok(second !== undefined);
    second.record.text = undefined;
    second.restart();
    assert.equal(await waits(world.finish()), undefined);
    // What it lacked it has again.
    assert.equal(second.record.text, world.servers[0]?.record.text);
  });
});

describe("the former issuer stays", () => {
  test("while a pod from before the switch holds its token, however long ago the servers began", async () => {
    const world = await AdoptionServers.start(2);
    world.begins("before");
    await world.clock.sleep(hour);
    assert.match((await waits(world.finish())) ?? "", /such as default\/before/u);
    assert.deepEqual(world.issuers, [
      [ours, old],
      [ours, old],
    ]);
  });

  test("by the servers' own clocks, though the one of whoever runs it is three days ahead", async () => {
    const world = await AdoptionServers.start(2);
    world.begins("before");
    world.ahead = 72 * hour;
    await world.clock.sleep(hour);
    assert.match((await waits(world.finish())) ?? "", /such as default\/before/u);
  });

  test("where it signed again after it was remembered as gone, until pods from that time hold nothing of it", async () => {
    const world = await switched(2);
    const [first] = world.servers;
    assert.ok(first !== undefined);
    first.issuers = [old, ours];
    first.restart();
    assert.match((await waits(world.finish())) ?? "", /cp-1 does not sign as/u);
    world.begins("between");
    await world.clock.sleep(60_000);
    first.issuers = [ours, old];
    first.restart();
    assert.match((await waits(world.finish())) ?? "", /such as default\/(?:web|between)/u);
  });
});

describe("the way back comes to its end", () => {
  for (const count of [1, 2, 3]) {
    test(`on ${count === 1 ? "one server" : `${count} servers`}, though each restarts for it and reboots in between`, async () => {
      const world = await switched(count);
      world.begins("ours");
      assert.match((await waits(world.undo())) ?? "", /may hold a token of https:\/\/oidc\.example\.com/u);
      assert.deepEqual(
        world.issuers,
        Array.from({ length: count }, () => [old, ours]),
      );
      world.pods = [];
      await world.clock.sleep(hour);
      world.begins("since");
      await world.clock.sleep(60_000);
      for (const server of world.servers) server.restart();
      assert.equal(await waits(world.undo()), undefined);
      assert.deepEqual(
        world.issuers,
        Array.from({ length: count }, () => [old]),
      );
    });
  }

  test("after one of three servers went away in the middle: it is named, the first is through, and the same command again ends", async () => {
    const world = await switched(3);
    const [first, second] = world.servers;
    assert.ok(first !== undefined && second !== undefined);
    world.pods = [];
    first.onGiven = () => second.goes();
    await assert.rejects(world.undo(), { code: "ssh-unreachable", message: /cp-2/u });
    assert.deepEqual(world.issuers, [
      [old, ours],
      [ours, old],
      [ours, old],
    ]);
    first.onGiven = () => {};
    second.returns();
    assert.equal(await waits(world.undo()), undefined);
    assert.deepEqual(world.issuers, [[old], [old], [old]]);
  });

  test("also where nothing can be written on the machines any more, which is said", async () => {
    const world = await switched(1);
    const [server] = world.servers;
    assert.ok(server !== undefined);
    server.record.isFull = true;
    world.pods = [];
    assert.equal(await waits(world.undo()), undefined);
    assert.match(world.notices.join("\n"), /could not be written down.*no space is left/u);
  });
});
