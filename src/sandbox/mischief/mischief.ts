/**
 * Failures of valid requests, for the stand-ins of clouds: on request, or at random, the same for the same seed. Each
 * stand-in defines its kinds.
 */

/** Failures on request: the next `times` requests that match. */
export interface MischiefRule<Kind extends string> {
  readonly what: Kind;
  /**
   * An HTTP method.
   *
   * @default any
   */
  readonly method?: string;
  /**
   * The prefix of a path below the API's base, such as `servers`.
   *
   * @default any
   */
  readonly path?: string;
  /**
   * How many requests.
   *
   * @default 1
   */
  readonly times?: number;
}

/** Random failures. */
export interface MischiefChance<Kind extends string> {
  /** Between 0 and 1, for each request. */
  readonly rate: number;
  readonly seed: number;
  /**
   * What may happen.
   *
   * @default all that fits a method
   */
  readonly kinds?: readonly Kind[];
}

/** Possible random failures of a request that reads, and of one that writes. */
export interface MischiefKinds<Kind extends string> {
  readonly read: readonly Kind[];
  readonly write: readonly Kind[];
}

interface Pending<Kind extends string> extends MischiefRule<Kind> {
  left: number;
}

/** This many requests succeed after a failure, so that a retry gets through. */
const spared = 2;

/** Decides which request fails how. */
export class Mischief<Kind extends string> {
  readonly #pending: Pending<Kind>[] = [];
  readonly #kinds: MischiefKinds<Kind>;
  readonly #chance: MischiefChance<Kind> | undefined;
  #state: number;
  #spared = 0;

  constructor(kinds: MischiefKinds<Kind>, chance: MischiefChance<Kind> | undefined) {
    this.#kinds = kinds;
    this.#chance = chance;
    this.#state = (chance?.seed ?? 1) >>> 0;
  }

  add(rule: MischiefRule<Kind>): void {
    this.#pending.push({ ...rule, left: rule.times ?? 1 });
  }

  /** The failure of a request; undefined: none. */
  next(method: string, path: string): Kind | undefined {
    const rule = this.#pending.find(
      (one) =>
        one.left > 0 &&
        (one.method === undefined || one.method === method) &&
        (one.path === undefined || path.startsWith(one.path)),
    );
    if (rule === undefined) return this.#byChance(method);
    rule.left -= 1;
    return rule.what;
  }

  #byChance(method: string): Kind | undefined {
    if (this.#chance === undefined) return undefined;
    if (this.#spared > 0) {
      this.#spared -= 1;
      return undefined;
    }
    if (this.#random() >= this.#chance.rate) return undefined;
    this.#spared = spared;
    const kinds = this.#chance.kinds ?? this.#kinds[method === "GET" ? "read" : "write"];
    return kinds[Math.floor(this.#random() * kinds.length)];
  }

  /** Mulberry32: small, and the same on every machine. */
  #random(): number {
    this.#state = (this.#state + 0x6d_2b_79_f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
