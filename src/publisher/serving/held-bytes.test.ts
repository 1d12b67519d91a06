import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  FakeProtocol,
  listener,
  socket,
  TestConnections,
  type TestSocket,
} from "../../../test/support/test-connections.ts";

describe("while the bound on what is held is reached", () => {
  function full(): TestConnections {
    const connections = new TestConnections({ heldBytes: 1000 });
    connections.admit(socket("192.0.2.9"), listener)?.hold(2000);
    // Who held so much is gone, and what he held is not collected yet.
    connections.admit(socket("192.0.2.9"), listener)?.hold(1);
    return connections;
  }

  test("nothing is spoken with those whose network has many connections", async () => {
    const connections = full();
    const many = Array.from({ length: 9 }, () => connections.admit(socket("192.0.2.1"), listener));
    const [one] = many;
    assert.ok(one !== undefined);
    assert.equal(connections.mayOpen(one, "h2"), false);
    assert.equal(connections.size, 9);
    // Not from within its own handshake.
    assert.equal(one.socket.destroyed, false);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(one.socket.destroyed, true);
  });

  test("clients of small networks are served", () => {
    const connections = full();
    const one = connections.admit(socket("192.0.2.1"), listener);
    assert.ok(one !== undefined && connections.mayOpen(one, "h2"));
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
