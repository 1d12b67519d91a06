/**
 * The network of an address as sockets give it: an IPv4 address, or the /48 of an IPv6 address, which is what a provider gives to
 * one site (RFC 6177).
 */
export function networkOf(text: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/iu.exec(text);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!text.includes(":")) return text;
  const [head = "", tail] = (text.split("%")[0] ?? "").split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length);
  const all = [...groups, ...Array.from({ length: zeros }, () => "0"), ...after];
  const site = all.slice(0, 3).map((group) => Number.parseInt(group, 16).toString(16));
  return `${site.join(":")}::/48`;
}

/** The connections of one network. */
export interface Network<T> {
  readonly name: string;
  readonly connections: Set<T>;
  /** Connections of these on which a whole request waits for its answer. */
  answering: number;
  /** Bytes held for it of answers that it has not taken, and of requests that have not come to their end. */
  held: number;
}

/** The size that counts: connections that are owed an answer are not held against their network. */
const sizeOf = ({ connections, answering }: Network<unknown>): number => connections.size - answering;

/** All networks with connections, by how many they have on which no whole request waits for its answer. */
export class Networks<T> {
  readonly #byName = new Map<string, Network<T>>();
  readonly #bySize = new Map<number, Set<Network<T>>>();
  #maxSize = 0;

  /** The network of a name, known or not. */
  of(name: string): Network<T> {
    return this.#byName.get(name) ?? { name, connections: new Set(), answering: 0, held: 0 };
  }

  add(network: Network<T>, connection: T): void {
    this.#byName.set(network.name, network);
    network.connections.add(connection);
    this.#moved(network, sizeOf(network) - 1);
  }

  delete(network: Network<T>, connection: T): void {
    if (!network.connections.delete(connection)) return;
    if (network.connections.size === 0) this.#byName.delete(network.name);
    this.#moved(network, sizeOf(network) + 1);
  }

  /** A connection of the network now owes an answer, or no longer does. */
  answering(network: Network<T>, more: 1 | -1): void {
    if (network.connections.size === 0) return;
    const before = sizeOf(network);
    network.answering += more;
    this.#moved(network, before);
  }

  /** The networks with the most connections, those that have had so many for the longest first. */
  get ofMaxSize(): Iterable<Network<T>> {
    return this.#bySize.get(this.#maxSize) ?? [];
  }

  /** The network for which most is held. */
  get heaviest(): Network<T> | undefined {
    let found: Network<T> | undefined;
    for (const network of this.#byName.values()) if (network.held > (found?.held ?? 0)) found = network;
    return found;
  }

  #moved(network: Network<T>, before: number): void {
    const now = sizeOf(network);
    const left = this.#bySize.get(before);
    left?.delete(network);
    if (left?.size === 0) this.#bySize.delete(before);
    if (now > 0) {
      const joined = this.#bySize.get(now) ?? new Set();
      this.#bySize.set(now, joined.add(network));
    }
    if (now > this.#maxSize) this.#maxSize = now;
    // A network moves by one: where the largest became smaller, it is now the largest, or there is none.
    else if (!this.#bySize.has(this.#maxSize)) this.#maxSize = now;
  }
}
