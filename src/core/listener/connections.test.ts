import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  FakeProtocol,
  listener,
  socket,
  type Stage,
  TestConnections,
  type TestSocket,
} from "../../../test/support/test-connections.ts";

describe("one address", () => {
  test("may have every place, and makes room for others and for itself", () => {
    const connections = new TestConnections({ connections: 10 });
    for (let one = 0; one < 10; one += 1) connections.staged("192.0.2.1", "silent");
    const [other, same] = [socket("192.0.2.2"), socket("192.0.2.1")];
    assert.ok(connections.admit(other, listener));
    assert.ok(connections.admit(same, listener));
    assert.deepEqual([other.destroyed, same.destroyed, connections.size], [false, false, 10]);
    assert.deepEqual([connections.tallies.refusedConnections, connections.tallies.cutOff.crowded], [0, 2]);
  });

  test("is not sixteen for having sixteen /64s of one /48", () => {
    const connections = new TestConnections({ connections: 8 });
    const one = connections.staged("2001:db8:2::1", "silent");
    for (let net = 0; net < 16; net += 1) connections.staged(`2001:db8:1:${net.toString(16)}::1`, "silent");
    assert.deepEqual([one.destroyed, connections.size], [false, 8]);
  });

  test("that is a proxy's bears many clients, which make no room for one another", () => {
    const connections = new TestConnections({ connections: 3 });
    for (let one = 0; one < 3; one += 1) assert.ok(connections.admit(socket("127.0.0.1"), listener, true));
    assert.equal(connections.admit(socket("127.0.0.1"), listener, true), undefined);
    assert.equal(connections.tallies.refusedConnections, 1);
  });
});

describe("when all places are taken", () => {
  test("a newcomer takes one of the network with the most connections, and it is free at once", () => {
    const connections = new TestConnections({ connections: 5 });
    const few = connections.staged("192.0.2.1", "silent");
    const many = Array.from({ length: 4 }, () => connections.staged("192.0.2.2", "answered"));
    assert.ok(connections.admit(socket("192.0.2.3"), listener));
    assert.equal(connections.size, 5);
    assert.equal(few.destroyed, false);
    assert.equal(many.filter((one) => one.destroyed).length, 1);
    assert.equal(connections.tallies.cutOff.crowded, 1);
  });

  test("a hundred good clients come in while sixteen addresses hold every place without a byte", () => {
    const connections = new TestConnections({ connections: 320 });
    for (let address = 2; address < 18; address += 1)
      for (let one = 0; one < 20; one += 1) connections.staged(`127.0.0.${address}`, "silent");
    const good = Array.from({ length: 100 }, (_, index) => {
      // The attackers fill up again each time.
      for (let address = 2; address < 18; address += 1)
        connections.admit(socket(`127.0.0.${address}`), listener);
      return connections.staged(`192.0.2.${index}`, "silent");
    });
    assert.deepEqual(
      good.filter((one) => one.destroyed),
      [],
    );
    assert.equal(connections.size, 320);
  });

  const order: readonly Stage[] = ["closing", "silent", "shaken", "shaking", "answered"];
  for (const [index, sooner] of order.entries()) {
    for (const later of order.slice(index + 1)) {
      test(`one of a network that is ${sooner} goes before one that is ${later}`, () => {
        const connections = new TestConnections({ connections: 2 });
        const stays = connections.staged("192.0.2.1", later);
        connections.clock.now += 100;
        const goes = connections.staged("192.0.2.1", sooner);
        connections.admit(socket("192.0.2.2"), listener);
        assert.deepEqual([goes.destroyed, stays.destroyed], [true, false]);
      });
    }
  }

  test("the longest silent of a network goes first", () => {
    const connections = new TestConnections({ connections: 3 });
    const sockets = Array.from({ length: 3 }, () => {
      connections.clock.now += 100;
      return connections.staged("192.0.2.1", "silent");
    });
    connections.admit(socket("192.0.2.2"), listener);
    assert.deepEqual(
      sockets.map((one) => one.destroyed),
      [true, false, false],
    );
  });

  test("a connection that has just come goes after every other of its network that is owed no answer, and of the young the longest there", () => {
    const connections = new TestConnections({ connections: 4 });
    const idle = connections.staged("192.0.2.1", "answered");
    connections.pass(1990);
    const young = Array.from({ length: 3 }, () => {
      connections.pass(10);
      return connections.staged("192.0.2.1", "silent");
    });
    const gone = (): readonly boolean[] => [idle, ...young].map((one) => one.destroyed);
    connections.staged("192.0.2.1", "silent");
    assert.deepEqual(gone(), [true, false, false, false]);
    connections.staged("192.0.2.1", "silent");
    assert.deepEqual(gone(), [true, true, false, false]);
  });

  test("a connection whose request has come whole never goes, and a newcomer is refused where all are such", () => {
    const connections = new TestConnections({ connections: 2 });
    const [first, second] = [1, 2].map(() => {
      const tcp = socket("192.0.2.1");
      const connection = connections.admit(tcp, listener);
      connection?.open(new FakeProtocol(), tcp);
      connection?.requested();
      connection?.answering(1);
      return { tcp, connection };
    });
    connections.pass(5000);
    assert.equal(connections.admit(socket("192.0.2.2"), listener), undefined);
    assert.deepEqual([first?.tcp.destroyed, second?.tcp.destroyed], [false, false]);
    first?.connection?.answering(-1);
    assert.ok(connections.admit(socket("192.0.2.2"), listener));
    assert.deepEqual([first?.tcp.destroyed, second?.tcp.destroyed], [true, false]);
  });

  test("a network with many whole requests is smaller than one with a few connections that ask nothing", () => {
    const connections = new TestConnections({ connections: 12 });
    const busy = Array.from({ length: 9 }, () => {
      const tcp = socket("192.0.2.1");
      const connection = connections.admit(tcp, listener);
      connection?.open(new FakeProtocol(), tcp);
      connection?.requested();
      connection?.answering(1);
      return tcp;
    });
    const between = connections.staged("192.0.2.1", "answered");
    const silent = [connections.staged("192.0.2.2", "silent"), connections.staged("192.0.2.2", "silent")];
    assert.ok(connections.admit(socket("192.0.2.3"), listener));
    assert.deepEqual(
      [...busy, between, ...silent].map((one) => one.destroyed),
      [...busy.map(() => false), false, true, false],
    );
  });

  test("a newcomer of the largest network takes a place of its own network", () => {
    const connections = new TestConnections({ connections: 4 });
    const first = Array.from({ length: 2 }, () => connections.staged("192.0.2.1", "silent"));
    const second = Array.from({ length: 2 }, () => connections.staged("192.0.2.2", "silent"));
    connections.staged("192.0.2.2", "silent");
    assert.ok(first.every((one) => !one.destroyed));
    assert.equal(second.filter((one) => one.destroyed).length, 1);
  });
});

describe("a handshake", () => {
  test("that comes to its end later than it may is not served, though no check has run since", async () => {
    const connections = new TestConnections();
    const tcp = socket("192.0.2.1");
    const connection = connections.admit(tcp, listener);
    assert.ok(connection !== undefined);
    connections.pass(9999);
    assert.equal(connections.inTime(connection), true);
    connections.clock.now += 1;
    connections.afterHandshake(connection, "http/1.1", () => assert.fail("it is served"));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([tcp.destroyed, connections.tallies.cutOff["too-slow"]], [true, 1]);
  });
});

describe("HTTP/2 sessions", () => {
  test("beyond their bound take the place of one of the network that has most of them", () => {
    const connections = new TestConnections({ http2Sessions: 4 });
    const shaken = (address: string): TestSocket => {
      const tcp = socket(address);
      const connection = connections.admit(tcp, listener);
      assert.ok(connection !== undefined);
      connections.afterHandshake(connection, "h2", () => connection.open(new FakeProtocol("h2"), tcp));
      connection.requested();
      connections.clock.now += 1;
      return tcp;
    };
    const good = shaken("192.0.2.1");
    const many = Array.from({ length: 3 }, () => shaken("192.0.2.2"));
    shaken("192.0.2.3");
    assert.deepEqual(
      [good, ...many].map((one) => one.destroyed),
      [false, true, false, false],
    );
  });

  test("and other connections are not counted among them", () => {
    const connections = new TestConnections({ http2Sessions: 1 });
    for (let one = 0; one < 5; one += 1) {
      const connection = connections.admit(socket("192.0.2.1"), listener);
      assert.ok(connection !== undefined);
      const open = (): void => connection.open(new FakeProtocol("http/1.1"), connection.socket);
      connections.afterHandshake(connection, "http/1.1", open);
    }
    assert.equal(connections.size, 5);
    assert.equal(connections.tallies.cutOff.crowded, 0);
  });
});
