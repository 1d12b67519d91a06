import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { Connection } from "./connection.ts";
import type { ServingLimits } from "./limits.ts";
import { clientAddress, type Network, Networks } from "./networks.ts";
import type { Tallies } from "./tallies.ts";

/** How often connections are looked at, in milliseconds: one look at all costs less than a timer for each. */
const lookEvery = 250;

/** How many networks of the same size are searched for a connection that makes room. */
const searched = 64;

/** What names a TCP connection: both of its ends. */
function endsOf(socket: Socket): string {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

/** The open connections of all listeners, from the first packet to the last: counted, bounded, timed, ended. */
export class Connections {
  readonly #all = new Set<Connection>();
  readonly #byEnds = new Map<string, Connection>();
  readonly #perAddress = new Map<string, number>();
  readonly #networks = new Networks<Connection>();
  readonly #limits: ServingLimits;
  readonly #tallies: Tallies;
  readonly #now: () => number;
  #held = 0;
  #looking: NodeJS.Timeout | undefined;

  constructor(limits: ServingLimits, tallies: Tallies, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#tallies = tallies;
    this.#now = now;
  }

  get size(): number {
    return this.#all.size;
  }

  /**
   * Counts a new connection, or destroys it and gives nothing. `shared`: it is a proxy's and bears many clients,
   * so that it is bounded in total only.
   */
  admit(socket: Socket, listener: object, shared = false): Connection | undefined {
    const client = clientAddress(socket.remoteAddress ?? "");
    const network = shared ? proxyNetwork() : this.#networks.of(client.network);
    const bound = shared ? undefined : this.#ownBound(client.address, network);
    if (bound !== undefined || !this.#hasRoom(network)) {
      this.#tallies.refusedConnections[bound ?? "total"] += 1;
      socket.destroy();
      return undefined;
    }
    const accepted = this.#now();
    const connection = new Connection({ socket, listener, client, network, accepted }, this.#onHeld);
    this.#all.add(connection);
    this.#perAddress.set(client.address, (this.#perAddress.get(client.address) ?? 0) + 1);
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

  /** Ends what has had its time. */
  look(): void {
    const now = this.#now();
    for (const connection of this.#all) {
      const reason = connection.endReason(now, this.#limits);
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
    for (const { socket } of this.#all) socket.destroy();
  }

  #ownBound(address: string, network: Network<Connection>): "address" | undefined {
    const { connectionsPerAddress, connectionsPerSite } = this.#limits;
    const ofAddress = this.#perAddress.get(address) ?? 0;
    if (ofAddress >= connectionsPerAddress) return "address";
    return network.name !== address && network.connections.size >= connectionsPerSite ? "address" : undefined;
  }

  /** Makes room for a newcomer where there is none: one of the network with the most connections gives way. */
  #hasRoom(newcomer: Network<Connection>): boolean {
    if (this.size < this.#limits.connections) return true;
    const largest = [...this.#networks.largest];
    const among = largest.includes(newcomer) ? [newcomer] : largest.slice(0, searched);
    const victim = first(among.flatMap(({ connections }) => [...connections]));
    if (victim === undefined) return false;
    this.#cut(victim, "crowded");
    return true;
  }

  #cut(connection: Connection, reason: "too-slow" | "flood" | "crowded"): void {
    if (connection.stage !== "closing") this.#tallies.cutOff[reason] += 1;
    connection.socket.destroy();
    // Its close is told later, and its place is wanted now.
    this.#forget(connection);
  }

  readonly #onHeld = (connection: Connection, more: number): void => {
    connection.network.held += more;
    this.#held += more;
    if (more > 0) this.#bound();
  };

  /** Cuts off who holds most, until what is held for all is within its bound. */
  #bound(): void {
    while (this.#held > this.#limits.outputBytes) {
      const heaviest = [...(this.#networks.heaviest?.connections ?? [])];
      const [holder] = heaviest.sort((a, b) => b.held - a.held);
      if (holder === undefined) return;
      this.#cut(holder, "too-slow");
    }
  }

  #forget(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    connection.release(this.#now());
    const { client, network } = connection;
    this.#networks.delete(network, connection);
    const left = (this.#perAddress.get(client.address) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(client.address);
    else this.#perAddress.set(client.address, left);
    if (this.#all.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }
}

/** A proxy's connections are not counted against the network of anybody. */
function proxyNetwork(): Network<Connection> {
  return { name: "proxy", connections: new Set(), held: 0 };
}

/** Who makes room first. */
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
 * Puts a check before a server's own listeners of an event that hands over a socket. Node has no other place
 * to turn a connection away by its address, or to choose the protocol after the handshake.
 */
export function gate(
  server: EventEmitter,
  event: "connection" | "secureConnection",
  admit: (socket: Socket) => boolean,
): void {
  const own = server.listeners(event) as ((socket: Socket) => void)[];
  server.removeAllListeners(event);
  server.on(event, (socket: Socket) => {
    if (!admit(socket)) return;
    for (const listener of own) listener.call(server, socket);
  });
}
