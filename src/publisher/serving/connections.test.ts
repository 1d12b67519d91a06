import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { beforeEach, describe, test } from "node:test";
import type { Connection, Protocol } from "./connection.ts";
import { Connections } from "./connections.ts";
import { defaultLimits, type ServingLimits } from "./limits.ts";
import { Tallies } from "./tallies.ts";

let ports = 0;

class FakeSocket extends EventEmitter {
  readonly remoteAddress: string;
  readonly remotePort = (ports += 1);
  destroyed = false;
  bytesRead = 0;

  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit("close");
  }
}

type TestSocket = FakeSocket & Socket;
const socket = (address: string): TestSocket => new FakeSocket(address) as TestSocket;

class FakeProtocol implements Protocol {
  readonly name: "http/1.1" | "h2";
  stalledSince: number | undefined;
  closed = false;

  constructor(name: "http/1.1" | "h2" = "http/1.1") {
    this.name = name;
  }

  close(): void {
    this.closed = true;
  }

  timeOut(): boolean {
    return false;
  }
}

const listener = {};
let now = 0;
let tallies = new Tallies();

function table(limits: Partial<ServingLimits> = {}, collect = (): void => {}): Connections {
  return new Connections({ ...defaultLimits, ...limits }, tallies, { now: () => now, collect });
}

beforeEach(() => {
  now = 0;
  tallies = new Tallies();
});

/** Lets time pass, looking at the connections as often as the timer would. */
function pass(connections: Connections, ms: number): void {
  for (const end = now + ms; now < end; connections.look()) now = Math.min(end, now + 250);
}

/** A connection in one of the stages that a stranger can leave it in. */
function staged(connections: Connections, address: string, stage: Stage): TestSocket {
  const tcp = socket(address);
  const connection = connections.admit(tcp, listener);
  assert.ok(connection !== undefined);
  if (stage !== "silent") tcp.bytesRead = 500;
  if (stage === "shaken" || stage === "answered") connection.open(new FakeProtocol(), tcp);
  if (stage === "answered") connection.requested();
  if (stage === "closing") connection.closing();
  return tcp;
}

type Stage = "silent" | "shaking" | "shaken" | "answered" | "closing";

describe("one address", () => {
  test("gets so many connections and not one more, until one of them closes", () => {
    const connections = table({ connections: 10, connectionsPerAddress: 2 });
    const [first, second, third] = [socket("2001:db8::1"), socket("2001:db8::2"), socket("2001:db8::3")];
    assert.ok(connections.admit(first, listener));
    assert.ok(connections.admit(second, listener));
    assert.equal(connections.admit(third, listener), undefined);
    assert.equal(third.destroyed, true);
    assert.ok(connections.admit(socket("2001:db9::1"), listener));
    first.destroy();
    assert.ok(connections.admit(socket("2001:db8::4"), listener));
    assert.deepEqual(tallies.refusedConnections, { total: 0, address: 1 });
  });

  test("is not sixteen for having sixteen /64s of one /48", () => {
    const connections = table({ connectionsPerAddress: 4, connectionsPerSite: 8 });
    let admitted = 0;
    for (let net = 0; net < 16; net += 1)
      for (let one = 0; one < 4; one += 1)
        if (connections.admit(socket(`2001:db8:1:${net.toString(16)}::${one + 1}`), listener)) admitted += 1;
    assert.equal(admitted, 8);
    assert.ok(connections.admit(socket("2001:db8:2::1"), listener));
  });

  test("that is a proxy's bears many clients and is bounded in total only", () => {
    const connections = table({ connections: 3, connectionsPerAddress: 1 });
    for (let one = 0; one < 3; one += 1) assert.ok(connections.admit(socket("127.0.0.1"), listener, true));
    assert.equal(connections.admit(socket("127.0.0.1"), listener, true), undefined);
    assert.deepEqual(tallies.refusedConnections, { total: 1, address: 0 });
  });
});

describe("when all places are taken", () => {
  test("a newcomer takes one of the network with the most connections, and it is free at once", () => {
    const connections = table({ connections: 5 });
    const few = staged(connections, "192.0.2.1", "silent");
    const many = Array.from({ length: 4 }, () => staged(connections, "192.0.2.2", "answered"));
    assert.ok(connections.admit(socket("192.0.2.3"), listener));
    assert.equal(connections.size, 5);
    assert.equal(few.destroyed, false);
    assert.equal(many.filter((one) => one.destroyed).length, 1);
    assert.equal(tallies.cutOff.crowded, 1);
  });

  test("a hundred good clients come in while sixteen addresses hold every place without a byte", () => {
    const connections = table({ connections: 320, connectionsPerAddress: 20 });
    for (let address = 2; address < 18; address += 1)
      for (let one = 0; one < 20; one += 1) staged(connections, `127.0.0.${address}`, "silent");
    const good = Array.from({ length: 100 }, (_, index) => {
      // The attackers fill up again each time.
      for (let address = 2; address < 18; address += 1)
        connections.admit(socket(`127.0.0.${address}`), listener);
      return staged(connections, `192.0.2.${index}`, "silent");
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
        const connections = table({ connections: 2 });
        const stays = staged(connections, "192.0.2.1", later);
        now += 100;
        const goes = staged(connections, "192.0.2.1", sooner);
        connections.admit(socket("192.0.2.2"), listener);
        assert.deepEqual([goes.destroyed, stays.destroyed], [true, false]);
      });
    }
  }

  test("the longest silent of a network goes first", () => {
    const connections = table({ connections: 3 });
    const sockets = Array.from({ length: 3 }, () => {
      now += 100;
      return staged(connections, "192.0.2.1", "silent");
    });
    connections.admit(socket("192.0.2.2"), listener);
    assert.deepEqual(
      sockets.map((one) => one.destroyed),
      [true, false, false],
    );
  });

  test("a newcomer of the largest network takes a place of its own network", () => {
    const connections = table({ connections: 4 });
    const first = Array.from({ length: 2 }, () => staged(connections, "192.0.2.1", "silent"));
    const second = Array.from({ length: 2 }, () => staged(connections, "192.0.2.2", "silent"));
    staged(connections, "192.0.2.2", "silent");
    assert.ok(first.every((one) => !one.destroyed));
    assert.equal(second.filter((one) => one.destroyed).length, 1);
  });
});

describe("HTTP/2 sessions", () => {
  test("beyond their bound take the place of one of the network that has most of them", () => {
    const connections = table({ http2Sessions: 4 });
    const shaken = (address: string): TestSocket => {
      const tcp = socket(address);
      const connection = connections.admit(tcp, listener);
      assert.ok(connection !== undefined && connections.mayOpen(connection, "h2"));
      connection.open(new FakeProtocol("h2"), tcp);
      connection.requested();
      now += 1;
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
    const connections = table({ http2Sessions: 1 });
    for (let one = 0; one < 5; one += 1) {
      const connection = connections.admit(socket("192.0.2.1"), listener);
      assert.ok(connection !== undefined && connections.mayOpen(connection, "http/1.1"));
      connection.open(new FakeProtocol("http/1.1"), connection.socket);
    }
    assert.equal(connections.size, 5);
    assert.equal(tallies.cutOff.crowded, 0);
  });
});

describe("while the bound on what is held is reached", () => {
  function full(): Connections {
    const connections = table({ outputBytes: 1000 });
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
  const connections = table({}, () => void (collected += 1));
  const rounds = 200;
  for (let round = 0; round < rounds; round += 1) {
    const tcp = staged(connections, "192.0.2.1", "silent");
    pass(connections, 1250);
    tcp.destroy();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  }
  // 48 KiB each, 8 MiB at most.
  assert.equal(collected, 1);
});

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
      const connections = table();
      const tcp = staged(connections, "192.0.2.1", stage);
      pass(connections, ms - 250);
      assert.equal(tcp.destroyed, false);
      pass(connections, 500);
      assert.equal(tcp.destroyed, true);
      assert.equal(connections.size, 0);
      assert.equal(tallies.cutOff["too-slow"], reason === undefined ? 0 : 1);
    });
  }

  function opened(
    connections: Connections,
    protocol: FakeProtocol,
  ): { tcp: TestSocket; connection: Connection } {
    const tcp = socket("192.0.2.1");
    const connection = connections.admit(tcp, listener);
    assert.ok(connection !== undefined);
    connection.open(protocol, tcp);
    return { tcp, connection };
  }

  test("that has been answered: politely, a while after the last request", () => {
    const connections = table();
    const protocol = new FakeProtocol();
    const { tcp, connection } = opened(connections, protocol);
    for (let round = 0; round < 3; round += 1) {
      connection.requested();
      pass(connections, keepAliveTimeout - 250);
      assert.equal(protocol.closed, false);
    }
    pass(connections, 500);
    assert.deepEqual([protocol.closed, tcp.destroyed], [true, false]);
    assert.equal(tallies.cutOff["too-slow"], 0);
  });

  test("in the midst of a header section: it has as long as the first, however slowly it goes on", () => {
    const connections = table();
    const { tcp, connection } = opened(connections, new FakeProtocol());
    connection.requested();
    pass(connections, 5000);
    for (let spent = 0; spent < requestTimeout - 500; spent += 250) {
      tcp.bytesRead += 1;
      pass(connections, 250);
    }
    assert.equal(tcp.destroyed, false);
    tcp.bytesRead += 1;
    pass(connections, 1000);
    assert.equal(tcp.destroyed, true);
    assert.equal(tallies.cutOff["too-slow"], 1);
  });

  test("not before, where it is this process that was late", () => {
    const connections = table();
    const tcp = staged(connections, "192.0.2.1", "shaking");
    for (let round = 0; round < 10; round += 1) {
      now += 10 * handshakeTimeout;
      connections.look();
    }
    assert.equal(tcp.destroyed, false);
    pass(connections, handshakeTimeout);
    assert.equal(tcp.destroyed, true);
  });

  test("whose client takes nothing of an answer: however much it asks", () => {
    const connections = table();
    const protocol = new FakeProtocol();
    const { tcp, connection } = opened(connections, protocol);
    connection.requested();
    connection.hold(10_000);
    protocol.stalledSince = now;
    for (let spent = 0; spent < answerTimeout - 250; spent += 250) {
      connection.requested();
      pass(connections, 250);
    }
    assert.equal(tcp.destroyed, false);
    pass(connections, 500);
    assert.equal(tcp.destroyed, true);
    assert.equal(tallies.cutOff["too-slow"], 1);
  });

  test("that is an HTTP/2 session: after its age, although it is used", () => {
    const connections = table({ http2SessionAge: 60_000 });
    const protocol = new FakeProtocol("h2");
    const { connection } = opened(connections, protocol);
    for (let spent = 0; spent < 61_000; spent += 1000) {
      connection.requested();
      pass(connections, 1000);
    }
    assert.equal(protocol.closed, true);
  });

  test("that sends what is no request: beyond a burst at once, and not for what requests bring", () => {
    const connections = table({ overheadBurst: 100_000, overheadRate: 1000 });
    const { tcp, connection } = opened(connections, new FakeProtocol("h2"));
    for (let round = 0; round < 100; round += 1) {
      connection.requested();
      tcp.bytesRead += 8000;
      pass(connections, 250);
    }
    assert.equal(tcp.destroyed, false, "requests of 8 KB");
    for (let round = 0; round < 60; round += 1) {
      connection.requested();
      tcp.bytesRead += 9200;
      pass(connections, 1000);
    }
    assert.equal(tcp.destroyed, false, "a ping now and then");
    tcp.bytesRead += 200_000;
    pass(connections, 250);
    assert.equal(tcp.destroyed, true);
    assert.equal(tallies.cutOff.flood, 1);
  });
});

describe("bytes that are held for clients", () => {
  const holds = (connections: Connections, address: string, bytes: number): TestSocket => {
    const tcp = socket(address);
    const connection = connections.admit(tcp, listener);
    connection?.open(new FakeProtocol(), tcp);
    connection?.hold(bytes);
    return tcp;
  };

  test("are bounded for all of them together: the largest holders of the largest network are cut off", () => {
    const connections = table({ outputBytes: 1000 });
    const modest = holds(connections, "192.0.2.1", 300);
    const greedy = [200, 250, 240].map((bytes) => holds(connections, "192.0.2.2", bytes));
    const other = holds(connections, "192.0.2.3", 20);
    assert.ok([modest, ...greedy, other].every((one) => !one.destroyed));
    pass(connections, 250);
    assert.deepEqual(
      [modest, ...greedy, other].map((one) => one.destroyed),
      [false, false, true, false, false],
    );
    assert.equal(tallies.cutOff["too-slow"], 1);
  });

  test("may be twice as many for a moment, and not one more", () => {
    const connections = table({ outputBytes: 1000 });
    const all = Array.from({ length: 4 }, () => holds(connections, "192.0.2.1", 500));
    assert.ok(all.every((one) => !one.destroyed));
    holds(connections, "192.0.2.1", 1);
    assert.equal(all.filter((one) => one.destroyed).length, 1);
  });

  test("are given back when a connection closes, and stay so", () => {
    const connections = table({ outputBytes: 1000 });
    for (let round = 0; round < 10; round += 1) {
      const tcp = socket("192.0.2.1");
      const connection = connections.admit(tcp, listener);
      connection?.hold(900);
      tcp.destroy();
      connection?.hold(900);
      assert.equal(tcp.destroyed, true);
    }
    assert.equal(tallies.cutOff["too-slow"], 0);
    assert.equal(connections.size, 0);
  });
});

describe("a listener that ends", () => {
  test("ends what is idle, and lets those make a request who have just come", () => {
    const connections = table();
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
    pass(connections, 1250);
    assert.equal(protocols[1].closed, true);
  });

  test("does not wait for a handshake that does not come", () => {
    const connections = table();
    const tcp = staged(connections, "192.0.2.1", "silent");
    connections.drain(listener);
    pass(connections, 1250);
    assert.equal(tcp.destroyed, true);
  });
});
