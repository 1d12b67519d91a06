/** How evictions are held back. */
export interface EvictionLimits {
  /** Of all pods, in any minute. */
  readonly perMinute: number;
}

const minute = 60_000;
/** Pods of one owner go one after the other, with time for the new one to come up. */
const betweenOfOwner = 30_000;
/** After so many of an owner that left as many faulty pods as there were, no more of it are evicted. */
const maxInVain = 3;
/** An owner whose new pods would be the same is looked at again so rarely: nobody tells when its template changes. */
const spared = 10 * minute;

interface Owner {
  /** When one of its pods was tried to evict last. */
  at: number;
  /** Faulty pods that it had when one was evicted last; absent before the first. */
  faulty?: number;
  inVain: number;
  /** Until when none of its pods is evicted. */
  sparedUntil?: number;
}

/** When a pod may be evicted: milliseconds to wait, 0 for now; `never` where it would not help. */
export type EvictionWait = number | "never";

/** Holds evictions back: a few a minute, one of an owner at a time, and none of an owner whom it does not help. */
export class Evictions {
  readonly #perMinute: number;
  #recent: number[] = [];
  readonly #owners = new Map<string, Owner>();

  constructor({ perMinute }: EvictionLimits) {
    this.#perMinute = perMinute;
  }

  /** `now` by `elapsed`; `faulty`: how many pods of this owner (its uid) are faulty at this moment. */
  turn(owner: string, faulty: number, now: number): EvictionWait {
    const before = this.#owners.get(owner);
    if (before !== undefined) {
      if (this.#inVain(before, faulty) >= maxInVain) return "never";
      if (before.sparedUntil !== undefined && now < before.sparedUntil) return before.sparedUntil - now;
      if (now - before.at < betweenOfOwner) return before.at + betweenOfOwner - now;
    }
    this.#recent = this.#recent.filter((at) => now - at < minute);
    const [oldest] = this.#recent;
    return this.#recent.length < this.#perMinute || oldest === undefined ? 0 : oldest + minute - now;
  }

  /** One is tried, whatever comes of it. */
  begins(owner: string, now: number): void {
    const known = this.#owners.get(owner) ?? { at: now, inVain: 0 };
    known.at = now;
    this.#owners.set(owner, known);
    this.#recent.push(now);
  }

  /** What was begun last for the owner is given up: a new pod would be the same. Gives how long none of it is tried. */
  spare(owner: string, now: number): number {
    const known = this.#owners.get(owner);
    if (known === undefined) return 0;
    const begun = this.#recent.indexOf(known.at);
    if (begun !== -1) this.#recent.splice(begun, 1);
    known.sparedUntil = now + spared;
    return spared;
  }

  /** It went. */
  went(owner: string, faulty: number): void {
    const known = this.#owners.get(owner);
    if (known === undefined) return;
    known.inVain = this.#inVain(known, faulty);
    known.faulty = faulty;
  }

  /** No pod of the owner is faulty any more. */
  forget(owner: string): void {
    this.#owners.delete(owner);
  }

  #inVain({ faulty: before, inVain }: Owner, faulty: number): number {
    if (before === undefined) return 0;
    return faulty < before ? 0 : inVain + 1;
  }
}
