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
import type { Connection } from "./connection.ts";
import { defaultLimits } from "../../publisher/serving-limits.ts";

describe("a connection ends in time", () => {
  const { handshakeTimeout, requestTimeout, keepAliveTimeout, answerTimeout, closingTimeout } = defaultLimits;
  const cases: readonly (readonly [stage: Stage, ms: number, reason: "too-slow" | undefined])[] = [
    ["silent", handshakeTimeout, "too-slow"],
    ["shaking", handshakeTimeout, "too-slow"],
    ["shaken", requestTimeout, "too-slow"],
    ["closing", closingTimeout, undefined],
  ];
  for (const [stage, ms, reason] of cases) {
    test(`that is ${stage}: after ${ms} ms`, () => {
      const connections = new TestConnections();
      const tcp = connections.staged("192.0.2.1", stage);
      connections.pass(ms - 250);
      assert.equal(tcp.destroyed, false);
      connections.pass(500);
      assert.equal(tcp.destroyed, true);
      assert.equal(connections.size, 0);
      assert.equal(connections.tallies.cutOff["too-slow"], reason === undefined ? 0 : 1);
    });
  }

  function opened(
    connections: TestConnections,
    protocol: FakeProtocol,
  ): { tcp: TestSocket; connection: Connection } {
    const tcp = socket("192.0.2.1");
    const connection = connections.admit(tcp, listener);
    assert.ok(connection !== undefined);
    connection.open(protocol, tcp);
    return { tcp, connection };
  }

  test("that has been answered: politely, a while after the last request", () => {
    const connections = new TestConnections();
    const protocol = new FakeProtocol();
    const { tcp, connection } = opened(connections, protocol);
    for (let round = 0; round < 3; round += 1) {
      connection.requested();
      connections.pass(keepAliveTimeout - 250);
      assert.equal(protocol.closed, false);
    }
    connections.pass(500);
    assert.deepEqual([protocol.closed, tcp.destroyed], [true, false]);
    assert.equal(connections.tallies.cutOff["too-slow"], 0);
  });

  test("in the midst of a header section: it has as long as the first, however slowly it continues", () => {
    const connections = new TestConnections();
    const { tcp, connection } = opened(connections, new FakeProtocol());
    connection.requested();
    connections.pass(5000);
    for (let spent = 0; spent < requestTimeout - 500; spent += 250) {
      tcp.bytesRead += 1;
      connections.pass(250);
    }
    assert.equal(tcp.destroyed, false);
    tcp.bytesRead += 1;
    connections.pass(1000);
    assert.equal(tcp.destroyed, true);
    assert.equal(connections.tallies.cutOff["too-slow"], 1);
  });

  test("not before, where it is this process that was late", () => {
    const connections = new TestConnections();
    const tcp = connections.staged("192.0.2.1", "shaking");
    for (let round = 0; round < 10; round += 1) {
      connections.clock.now += 10 * handshakeTimeout;
      connections.look();
    }
    assert.equal(tcp.destroyed, false);
    connections.pass(handshakeTimeout);
    assert.equal(tcp.destroyed, true);
  });

  test("whose client takes nothing of an answer: however much it asks", () => {
    const connections = new TestConnections();
    const protocol = new FakeProtocol();
    const { tcp, connection } = opened(connections, protocol);
    connection.requested();
    connection.hold(10_000);
    protocol.stalledSince = connections.clock.now;
    for (let spent = 0; spent < answerTimeout - 250; spent += 250) {
      connection.requested();
      connections.pass(250);
    }
    assert.equal(tcp.destroyed, false);
    connections.pass(500);
    assert.equal(tcp.destroyed, true);
    assert.equal(connections.tallies.cutOff["too-slow"], 1);
  });

  test("that is an HTTP/2 session: after its age, although it is used", () => {
    const connections = new TestConnections({ http2SessionAge: 60_000 });
    const protocol = new FakeProtocol("h2");
    const { connection } = opened(connections, protocol);
    for (let spent = 0; spent < 61_000; spent += 1000) {
      connection.requested();
      connections.pass(1000);
    }
    assert.equal(protocol.closed, true);
  });

  test("that sends what is no request: beyond a burst at once, and not for what requests bring", () => {
    const connections = new TestConnections({ overheadBurst: 100_000, overheadRate: 1000 });
    const { tcp, connection } = opened(connections, new FakeProtocol("h2"));
    for (let round = 0; round < 100; round += 1) {
      connection.requested();
      tcp.bytesRead += 8000;
      connections.pass(250);
    }
    assert.equal(tcp.destroyed, false, "requests of 8 KB");
    for (let round = 0; round < 60; round += 1) {
      connection.requested();
      tcp.bytesRead += 9200;
      connections.pass(1000);
    }
    assert.equal(tcp.destroyed, false, "a ping now and then");
    tcp.bytesRead += 200_000;
    connections.pass(250);
    assert.equal(tcp.destroyed, true);
    assert.equal(connections.tallies.cutOff.flood, 1);
  });
});

describe("a listener that ends", () => {
  test("ends what is idle, and lets those make a request who have just come", () => {
    const connections = new TestConnections();
    const protocols = [new FakeProtocol(), new FakeProtocol(), new FakeProtocol("h2")] as const;
    const [idle, fresh, session] = protocols.map((protocol) => {
      const connection = connections.admit(socket("192.0.2.1"), listener);
      connection?.open(protocol, connection.socket);
      return connection;
    });
    idle?.requested();
    const other = connections.admit(socket("192.0.2.1"), {});
    other?.open(new FakeProtocol(), other.socket);
    connections.drain(listener);
    assert.deepEqual(
      protocols.map((one) => one.closed),
      [true, false, true],
    );
    assert.deepEqual([fresh?.draining, session?.draining, other?.draining], [true, true, false]);
    connections.pass(1250);
    assert.equal(protocols[1].closed, true);
  });

  test("does not wait for a handshake that does not come", () => {
    const connections = new TestConnections();
    const tcp = connections.staged("192.0.2.1", "silent");
    connections.drain(listener);
    connections.pass(1250);
    assert.equal(tcp.destroyed, true);
  });
});
