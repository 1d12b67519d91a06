import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { ServingLimits } from "./limits.ts";
import type { Tallies } from "./tallies.ts";

/**
 * Whom a connection is counted against: an IPv4 address, or the /64 of an IPv6 address, since whoever has one
 * has all of it.
 */
export function clientKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/iu.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!address.includes(":")) return address;
  const [head = "", tail] = (address.split("%")[0] ?? "").split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length);
  const all = [...groups, ...Array.from({ length: zeros }, () => "0"), ...after];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

/** The open connections of all listeners: counted, bounded, and ended together. */
export class Connections {
  readonly #sockets = new Set<Socket>();
  readonly #perClient = new Map<string, number>();
  readonly #limits: Pick<ServingLimits, "connections" | "connectionsPerAddress">;
  readonly #tallies: Tallies;
  /** Called when the places run out, to make room. */
  onFull: () => void = () => {};

  constructor(limits: Pick<ServingLimits, "connections" | "connectionsPerAddress">, tallies: Tallies) {
    this.#limits = limits;
    this.#tallies = tallies;
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** Counts a new connection, or destroys it and gives false. `shared`: a proxy's, which bears many clients. */
  admit(socket: Socket, shared = false): boolean {
    const key = clientKey(socket.remoteAddress ?? "");
    const ofClient = this.#perClient.get(key) ?? 0;
    if (!shared && ofClient >= this.#limits.connectionsPerAddress) {
      this.#tallies.refusedConnections.address += 1;
      socket.destroy();
      return false;
    }
    if (this.#sockets.size >= this.#limits.connections) {
      this.#tallies.refusedConnections.total += 1;
      socket.destroy();
      // Whoever only keeps a connection open makes room for the next one who comes.
      this.onFull();
      return false;
    }
    this.#sockets.add(socket);
    this.#perClient.set(key, ofClient + 1);
    socket.once("close", () => this.#forget(socket, key));
    return true;
  }

  /** Ends what is left. */
  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #forget(socket: Socket, key: string): void {
    this.#sockets.delete(socket);
    const left = (this.#perClient.get(key) ?? 1) - 1;
    if (left === 0) this.#perClient.delete(key);
    else this.#perClient.set(key, left);
  }
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
