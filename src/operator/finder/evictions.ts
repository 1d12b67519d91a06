/** How evictions are limited. */
export interface EvictionLimits {
  /** Of all pods, per minute. */
  readonly perMinute: number;
}

const minute = 60_000;
/** Pods of one owner go one after the other, so that the new one can come up. */
const betweenOfOwner = 30_000;
/** After this many evictions that left an owner with as many faulty pods, no more of its pods are evicted. */
const maxInVain = 3;
/** An owner whose new pods would be the same is rechecked this rarely: its template is not watched. */
const spared = 10 * minute;

interface Owner {
  /** When an eviction of one of its pods was last tried. */
  at: number;
  /** Faulty pods that it had at its last eviction; absent before the first. */
  faulty?: number;
  inVain: number;
  /** Until when none of its pods are evicted. */
  sparedUntil?: number;
}

/** When a pod may be evicted: milliseconds to wait, 0 for now; `never` if it would not help. */
export type EvictionWait = number | "never";

/** Limits evictions: a few a minute, one per owner at a time, and none for an owner whom they do not help. */
export class Evictions {
  readonly #perMinute: number;
  #recent: number[] = [];
  readonly #owners = new Map<string, Owner>();

  constructor({ perMinute }: EvictionLimits) {
    this.#perMinute = perMinute;
  }

  /** `now` by `elapsed`; `faulty`: how many pods of this owner (its uid) are faulty now. */
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

  /** Records an attempt, whatever its outcome. */
  begins(owner: string, now: number): void {
    const known = this.#owners.get(owner) ?? { at: now, inVain: 0 };
    known.at = now;
    this.#owners.set(owner, known);
    this.#recent.push(now);
  }

  /** Gives up the owner's last attempt: a new pod would be the same. Returns how long its pods are left alone. */
  spare(owner: string, now: number): number {
    const known = this.#owners.get(owner);
    if (known === undefined) return 0;
    const begun = this.#recent.indexOf(known.at);
    if (begun !== -1) this.#recent.splice(begun, 1);
    known.sparedUntil = now + spared;
    return spared;
  }

  /** The eviction succeeded. */
  went(owner: string, faulty: number): void {
    const known = this.#owners.get(owner);
    if (known === undefined) return;
    known.inVain = this.#inVain(known, faulty);
    known.faulty = faulty;
  }

  /** The owner has no faulty pods any more. */
  forget(owner: string): void {
    this.#owners.delete(owner);
  }

  #inVain({ faulty: before, inVain }: Owner, faulty: number): number {
    if (before === undefined) return 0;
    return faulty < before ? 0 : inVain + 1;
  }
}
