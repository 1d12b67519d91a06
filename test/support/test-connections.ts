/** The publisher's table of connections, with sockets that are none and a clock that the test sets. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { Connections, type Protocol } from "../../src/core/listener/index.ts";
import { defaultLimits, type ServingLimits } from "../../src/publisher/serving-limits.ts";
import { Tallies } from "../../src/publisher/serving/tallies.ts";

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

/** A socket as far as the table looks at it: an address, a count of bytes, an end. */
export type TestSocket = FakeSocket & Socket;

export const socket = (address: string): TestSocket => new FakeSocket(address) as TestSocket;

/** A protocol that remembers that it was closed. */
export class FakeProtocol implements Protocol {
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

/** Who took the connections. */
export const listener = {};

/** The stages that a client can leave a connection in. */
export type Stage = "silent" | "shaking" | "shaken" | "answered" | "closing";

/** A table of its own, by a clock that begins at 0. */
export class TestConnections extends Connections {
  readonly tallies: Tallies;
  readonly clock: { now: number };

  constructor(limits: Partial<ServingLimits> = {}, collect = (): void => {}) {
    const tallies = new Tallies();
    const clock = { now: 0 };
    super({ ...defaultLimits, ...limits }, tallies, { now: () => clock.now, collect });
    this.tallies = tallies;
    this.clock = clock;
  }

  /** Lets time pass, looking at the connections as often as the timer would. */
  pass(ms: number): void {
    const { clock } = this;
    for (const end = clock.now + ms; clock.now < end; this.look()) clock.now = Math.min(end, clock.now + 250);
  }

  /** A connection in one of the stages. */
  staged(address: string, stage: Stage): TestSocket {
    const tcp = socket(address);
    const connection = this.admit(tcp, listener);
    assert.ok(connection !== undefined);
    if (stage !== "silent") tcp.bytesRead = 500;
    if (stage === "shaken" || stage === "answered") connection.open(new FakeProtocol(), tcp);
    if (stage === "answered") connection.requested();
    if (stage === "closing") connection.closing();
    return tcp;
  }
}
