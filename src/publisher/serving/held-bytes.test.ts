import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  FakeProtocol,
  listener,
  socket,
  TestConnections,
  type TestSocket,
} from "../../../test/support/test-connections.ts";

const MiB = 1024 * 1024;
const turns = (): Promise<void> =>
  new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));

describe("while the bound on what is held is reached", () => {
  /** Who held so much is gone, and what he held is not collected yet. */
  function full(): TestConnections {
    const connections = new TestConnections({ heldBytes: 8 * MiB });
    connections.admit(socket("192.0.2.9"), listener)?.hold(16 * MiB);
    connections.admit(socket("192.0.2.9"), listener)?.hold(1);
    return connections;
  }

  test("connections of a network with many wait until garbage is collected, and then are all opened in their order", async () => {
    const connections = full();
    const opened: number[] = [];
    const many = Array.from({ length: 100 }, () => connections.admit(socket("192.0.2.1"), listener));
    for (const [index, one] of many.entries()) {
      assert.ok(one !== undefined);
      connections.afterHandshake(one, "http/1.1", () => opened.push(index));
    }
    assert.deepEqual(opened, []);
    while (opened.length < many.length) await turns();
    assert.deepEqual(
      opened,
      many.map((_, index) => index),
    );
    assert.equal(connections.tallies.cutOff.crowded, 0);
  });

  test("a connection that goes while it waits is not opened", async () => {
    const connections = full();
    const many = Array.from({ length: 9 }, () => connections.admit(socket("192.0.2.1"), listener));
    const [first, second] = many;
    assert.ok(first !== undefined && second !== undefined);
    const opened: string[] = [];
    connections.afterHandshake(first, "h2", () => opened.push("first"));
    connections.afterHandshake(second, "h2", () => opened.push("second"));
    first.socket.destroy();
    while (opened.length === 0) await turns();
    assert.deepEqual(opened, ["second"]);
  });

  test("clients of small networks are served", () => {
    const connections = full();
    const one = connections.admit(socket("192.0.2.1"), listener);
    assert.ok(one !== undefined);
    let isOpened = false;
    connections.afterHandshake(one, "h2", () => (isOpened = true));
    assert.equal(isOpened, true);
  });
});

test("what closed connections leave behind is collected before it has become much", async () => {
  let collected = 0;
  const connections = new TestConnections({}, () => void (collected += 1));
  const rounds = 200;
  for (let round = 0; round < rounds; round += 1) {
    const tcp = connections.staged("192.0.2.1", "silent");
    connections.pass(1250);
    tcp.destroy();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  }
  // 48 KiB each, 8 MiB at most.
  assert.equal(collected, 1);
});

describe("bytes that are held for clients", () => {
  const holds = (connections: TestConnections, address: string, bytes: number): TestSocket => {
    const tcp = socket(address);
    const connection = connections.admit(tcp, listener);
    connection?.open(new FakeProtocol(), tcp);
    connection?.hold(bytes);
    return tcp;
  };

  test("are bounded for all of them together: the largest holders of the largest network are cut off", () => {
    const connections = new TestConnections({ heldBytes: 1000 });
    const modest = holds(connections, "192.0.2.1", 300);
    const greedy = [200, 250, 240].map((bytes) => holds(connections, "192.0.2.2", bytes));
    const other = holds(connections, "192.0.2.3", 20);
    assert.ok([modest, ...greedy, other].every((one) => !one.destroyed));
    connections.pass(250);
    assert.deepEqual(
      [modest, ...greedy, other].map((one) => one.destroyed),
      [false, false, true, false, false],
    );
    assert.equal(connections.tallies.cutOff["too-slow"], 1);
  });

  test("may be twice as many for a moment, and not one more", () => {
    const connections = new TestConnections({ heldBytes: 1000 });
    const all = Array.from({ length: 4 }, () => holds(connections, "192.0.2.1", 500));
    assert.ok(all.every((one) => !one.destroyed));
    holds(connections, "192.0.2.1", 1);
    assert.equal(all.filter((one) => one.destroyed).length, 1);
  });

  test("are given back when a connection closes, and stay so", () => {
    const connections = new TestConnections({ heldBytes: 1000 });
    for (let round = 0; round < 10; round += 1) {
      const tcp = socket("192.0.2.1");
      const connection = connections.admit(tcp, listener);
      connection?.hold(900);
      tcp.destroy();
      connection?.hold(900);
      assert.equal(tcp.destroyed, true);
    }
    assert.equal(connections.tallies.cutOff["too-slow"], 0);
    assert.equal(connections.size, 0);
  });
});
