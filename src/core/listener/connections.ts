import { performance } from "node:perf_hooks";
import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { Connection, type ConnectionsContext, type Protocol } from "./connection.ts";
import { garbageCollector } from "./garbage.ts";
import { LoopClock } from "./loop-clock.ts";
import { networkOf, Networks, type Network } from "./networks.ts";
import type { ConnectionLimits } from "./limits.ts";

/** How often connections are looked at, in milliseconds: one look at all costs less than a timer for each. */
const lookEvery = 250;

/** How often over the bound may be held between two looks. */
const burst = 2;

/** How many waiting connections are opened in one turn of the event loop. */
const openedAtOnce = 32;

/** Connections of one network that are never too many. */
const few = 8;

/** What Node and OpenSSL keep of a TLS connection, about. */
const connectionBytes = 48 * 1024;

/** Milliseconds after which the memory of a connection is too old for V8's quick collections. */
const oldAge = 1000;

/** How much memory of closed connections may wait for V8 to collect it by itself. */
const garbageBytes = 8 * 1024 * 1024;

/** How many networks of the same size are searched for a connection that makes room. */
const searched = 64;

/** What names a TCP connection: both of its ends. */
function endsOf(socket: Socket): string {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

/** Counts of connections that were refused, and of those cut off by reason. */
export interface ConnectionTallies {
  refusedConnections: number;
  readonly cutOff: Record<"too-slow" | "flood" | "crowded", number>;
}

export interface ConnectionsTools {
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /**
   * Collects garbage at once. V8 collects when its own heap has grown, and does not see what hangs on its objects outside
   * of it: of a TLS connection or an HTTP/2 stream that is several times as much. Clients who make and drop them fast would
   * have the process grow by hundreds of megabytes before the next collection.
   */
  readonly collect: () => void;
}

/** The open connections of all listeners, from the first packet to the last: counted, bounded, timed, ended. */
export class Connections {
  readonly #all = new Set<Connection>();
  readonly #byEnds = new Map<string, Connection>();
  readonly #networks = new Networks<Connection>();
  readonly #limits: ConnectionLimits;
  readonly #tallies: ConnectionTallies;
  readonly #context: ConnectionsContext;
  readonly #collect: () => void;
  /** Whose handshake is done and whose protocol is not begun, in the order in which they came. */
  readonly #waiting = new Map<Connection, () => void>();
  #held = 0;
  #garbage = 0;
  #isCollecting = false;
  #looking: NodeJS.Timeout | undefined;

  constructor(
    limits: ConnectionLimits,
    tallies: ConnectionTallies,
    { now = () => performance.now(), collect = garbageCollector() }: Partial<ConnectionsTools> = {},
  ) {
    this.#limits = limits;
    this.#tallies = tallies;
    this.#collect = collect;
    const clock = new LoopClock(now, 2 * lookEvery);
    this.#context = {
      limits,
      clock,
      onHeld: this.#onHeld,
      onAnswering: this.#onAnswering,
      onDropped: (bytes) => this.#drop(bytes),
    };
  }

  get size(): number {
    return this.#all.size;
  }

  /**
   * Counts a new connection, or destroys it and gives nothing. `shared`: it is a proxy's and bears many clients,
   * so that it counts towards no network.
   */
  admit(socket: Socket, listener: object, shared = false): Connection | undefined {
    const network = shared ? proxyNetwork() : this.#networks.of(networkOf(socket.remoteAddress ?? ""));
    if (!this.#hasRoom(network)) {
      this.#tallies.refusedConnections += 1;
      socket.destroy();
      return undefined;
    }
    const connection = new Connection({ socket, listener, network }, this.#context);
    this.#all.add(connection);
    if (!shared) this.#networks.add(network, connection);
    const ends = endsOf(socket);
    this.#byEnds.set(ends, connection);
    socket.once("close", () => {
      if (this.#byEnds.get(ends) === connection) this.#byEnds.delete(ends);
      this.#forget(connection);
    });
    this.#looking ??= setInterval(() => this.look(), lookEvery).unref();
    return connection;
  }

  /** The connection of a socket: its TCP socket, or the TLS socket over it. */
  of(socket: Socket): Connection | undefined {
    return this.#byEnds.get(endsOf(socket));
  }

  /** Whether a handshake has come to its end in time; ends the connection where not. */
  inTime(connection: Connection): boolean {
    if (this.#context.clock.elapsed() - connection.accepted < this.#limits.handshakeTimeout) return true;
    this.#cut(connection, "too-slow", connection);
    return false;
  }

  /**
   * Begins a protocol on a connection whose handshake has come to its end. While so much is held, or was until a moment
   * ago, that memory would run out before the event loop comes round, the largest holder is cut off and garbage is
   * collected; connections of networks with many wait until that is done, and are opened in the order in which they
   * came.
   */
  afterHandshake(connection: Connection, name: Protocol["name"], open: () => void): void {
    if (!this.inTime(connection)) return;
    if (this.#isFull) this.#bound(this.#limits.heldBytes, connection);
    if (this.#isFull && connection.network.connections.size > few) {
      this.#waiting.set(connection, () => this.#open(connection, name, open));
      this.#collectSoon();
    } else this.#open(connection, name, open);
  }

  /** Ends what has had its time. */
  look(): void {
    this.#context.clock.tick();
    this.#bound(this.#limits.heldBytes);
    this.#openWaiting();
    for (const connection of this.#all) {
      const reason = connection.endReason();
      if (reason === "too-slow" && connection.timeOut()) continue;
      if (reason === "idle" || reason === "aged") connection.close();
      else if (reason !== undefined) this.#cut(connection, reason);
    }
  }

  /** Asks the clients of a listener to go: what was asked for is answered, nothing new is taken. */
  drain(listener: object): void {
    for (const connection of this.#all) if (connection.listener === listener) connection.drain();
  }

  /** Ends what is left. */
  destroyAll(): void {
    for (const connection of this.#all) connection.destroy();
  }

  /** Makes room for a newcomer where there is none: one of the network with the most connections gives way. */
  #hasRoom(newcomer: Network<Connection>): boolean {
    if (this.size < this.#limits.connections) return true;
    const ofMaxSize = [...this.#networks.ofMaxSize];
    const among = ofMaxSize.includes(newcomer) ? [newcomer] : ofMaxSize.slice(0, searched);
    const victim = first(among.flatMap(({ connections }) => [...connections]));
    if (victim === undefined) return false;
    this.#cut(victim, "crowded");
    return true;
  }

  get #isFull(): boolean {
    return this.#held + this.#garbage > burst * this.#limits.heldBytes;
  }

  #open(connection: Connection, name: Protocol["name"], open: () => void): void {
    if (connection.stage !== "handshake") return;
    if (name === "h2") this.#makeRoomForSession(connection);
    open();
  }

  /** Some at a time: what they ask for is held before the next are opened. */
  #openWaiting(): void {
    for (const [connection, open] of [...this.#waiting].slice(0, openedAtOnce)) {
      if (this.#isFull) return;
      this.#waiting.delete(connection);
      open();
    }
    if (this.#waiting.size > 0) setImmediate(() => this.#openWaiting());
  }

  /** One of the network that has most sessions gives way. */
  #makeRoomForSession(newcomer: Connection): void {
    const sessions = [...this.#all].filter(({ speaks }) => speaks === "h2");
    if (sessions.length < this.#limits.http2Sessions) return;
    const perNetwork = new Map<Network<Connection>, Connection[]>();
    for (const session of sessions)
      perNetwork.set(session.network, [...(perNetwork.get(session.network) ?? []), session]);
    const largest = [...perNetwork.values()].sort((a, b) => b.length - a.length)[0] ?? [];
    const victim = first(largest);
    if (victim !== undefined) this.#cut(victim, "crowded", newcomer);
  }

  /** `called`: whose handshake or request this is a part of, and which therefore must not be destroyed yet. */
  #cut(connection: Connection, reason: "too-slow" | "flood" | "crowded", called?: Connection): void {
    if (connection.stage !== "closing") this.#tallies.cutOff[reason] += 1;
    // Its place is wanted now, and its close is reported later.
    this.#forget(connection, true);
    if (connection === called) setImmediate(() => connection.destroy());
    else connection.destroy();
  }

  readonly #onHeld = (connection: Connection, more: number): void => {
    connection.network.held += more;
    this.#held += more;
    // Good clients take what a burst of requests brings before the next look.
    if (more > 0) this.#bound(burst * this.#limits.heldBytes, connection);
  };

  /** Cuts off the largest holders, until what is held for all is within a bound. */
  #bound(bytes: number, called?: Connection): void {
    while (this.#held > bytes) {
      const heaviest = [...(this.#networks.heaviest?.connections ?? [])];
      const [holder] = heaviest.sort((a, b) => b.held - a.held);
      if (holder === undefined) return;
      this.#cut(holder, "too-slow", called);
    }
  }

  readonly #onAnswering = ({ network }: Connection, more: 1 | -1): void =>
    this.#networks.answering(network, more);

  #forget(connection: Connection, wasCut = false): void {
    if (!this.#all.delete(connection)) return;
    this.#waiting.delete(connection);
    this.#discard(connection, wasCut);
    connection.release();
    const { network } = connection;
    this.#networks.delete(network, connection);
    if (this.#all.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  /** Counts what is kept for a connection that has closed, and has it collected in time. */
  #discard({ accepted, maxHeld }: Connection, wasCut: boolean): void {
    const isOld = this.#context.clock.elapsed() - accepted >= oldAge;
    // What was cut off had answers under way, and those are kept with the connection however young it is.
    this.#drop(maxHeld + (isOld || wasCut ? connectionBytes : 0));
  }

  #drop(bytes: number): void {
    this.#garbage += bytes;
    if (this.#garbage >= garbageBytes) this.#collectSoon();
  }

  /** After the next turn of the event loop, when what closes in this one has closed. */
  #collectSoon(): void {
    if (this.#isCollecting) return;
    this.#isCollecting = true;
    setImmediate(() =>
      setImmediate(() => {
        this.#isCollecting = false;
        this.#garbage = 0;
        this.#collect();
        this.#openWaiting();
      }),
    );
  }
}

/** A proxy's connections are not counted against any client's network. */
function proxyNetwork(): Network<Connection> {
  return { name: "proxy", connections: new Set(), answering: 0, held: 0 };
}

/** The connection that makes room first; undefined where all are owed an answer. */
function first(connections: readonly Connection[]): Connection | undefined {
  let found: Connection | undefined;
  let [least, earliest] = [Infinity, Infinity];
  for (const connection of connections) {
    const [rank, since] = connection.rank;
    if (rank > least || (rank === least && since >= earliest)) continue;
    [found, least, earliest] = [connection, rank, since];
  }
  return found;
}

/**
 * Puts a check before a server's own listeners of an event that hands over a socket: `pass` hands it on to them, now or later.
 * Node has no other place to turn a connection away by its address, or to choose the protocol after the handshake.
 */
export function gate(
  server: EventEmitter,
  event: "connection" | "secureConnection",
  admit: (socket: Socket, pass: () => void) => void,
): void {
  const own = server.listeners(event) as ((socket: Socket) => void)[];
  server.removeAllListeners(event);
  server.on(event, (socket: Socket) => {
    admit(socket, () => {
      for (const listener of own) listener.call(server, socket);
    });
  });
}
