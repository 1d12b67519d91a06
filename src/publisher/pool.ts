/** Resources opened once per key, kept through every generation that asks for them. */
export class Pool<T> {
  readonly #close: (thing: T) => Promise<void> | void;
  #held: ReadonlyMap<string, T> = new Map();
  #next = new Map<string, T>();

  constructor(close: (thing: T) => Promise<void> | void) {
    this.#close = close;
  }

  /** What the generation in use holds, in the order of requests. */
  get held(): readonly T[] {
    return [...this.#held.values()];
  }

  /** For the next generation: what is held for the key, or what `open` returns. Calls run one after the other. */
  async take(key: string, open: () => Promise<T> | T): Promise<T> {
    const taken = this.#next.get(key) ?? this.#held.get(key) ?? (await open());
    this.#next.set(key, taken);
    return taken;
  }

  /** Keeps what was taken. Returns what is new, and what is no longer held and must be closed by the caller. */
  commit(): { readonly fresh: readonly T[]; readonly gone: readonly T[] } {
    const [before, now] = [this.#held, this.#next];
    this.#held = now;
    this.#next = new Map();
    return { fresh: missingIn(before, now), gone: missingIn(now, before) };
  }

  /** Closes what was opened for the next generation. */
  async cancel(): Promise<void> {
    const opened = missingIn(this.#held, this.#next);
    this.#next = new Map();
    await Promise.all(opened.map(async (thing) => this.#close(thing)));
  }

  /** Closes everything. */
  async close(): Promise<void> {
    const all = [...this.#held.values(), ...missingIn(this.#held, this.#next)];
    this.#held = new Map();
    this.#next = new Map();
    await Promise.all(all.map(async (thing) => this.#close(thing)));
  }
}

/** Entries of `map` whose key is not in `other`. */
function missingIn<T>(other: ReadonlyMap<string, T>, map: ReadonlyMap<string, T>): readonly T[] {
  return [...map].filter(([key]) => !other.has(key)).map(([, thing]) => thing);
}
