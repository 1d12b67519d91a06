/** A change of a key: the value before and now; undefined where there was, or is, none. */
export type OnChanged<V> = (key: string, before: V | undefined, now: V | undefined) => void;

/** The index entries of an object: for each index, the words of this object. */
export type Indexes<V, I extends string> = Readonly<Record<I, (key: string, value: V) => readonly string[]>>;

/**
 * What is kept of many objects, found by key and by index; notifies its followers of changes. Values are JSON, and are
 * kept as text: a pod's takes a quarter of the memory that its objects take, and few of thousands are looked at at a
 * time.
 */
export class ObjectStore<V, I extends string> {
  readonly #texts = new Map<string, string>();
  readonly #indexes: Indexes<V, I>;
  readonly #found = new Map<string, Set<string>>();
  readonly #followers = new Set<OnChanged<V>>();

  constructor(indexes: Indexes<V, I>) {
    this.#indexes = indexes;
  }

  get size(): number {
    return this.#texts.size;
  }

  get(key: string): V | undefined {
    const text = this.#texts.get(key);
    return text === undefined ? undefined : (JSON.parse(text) as V);
  }

  has(key: string): boolean {
    return this.#texts.has(key);
  }

  keys(): Iterable<string> {
    return this.#texts.keys();
  }

  /** The keys of all that have this word in an index. */
  by(index: I, word: string): readonly string[] {
    return [...(this.#found.get(`${index} ${word}`) ?? [])];
  }

  subscribe(changed: OnChanged<V>): () => void {
    this.#followers.add(changed);
    return () => this.#followers.delete(changed);
  }

  /** Keeps a value, or with undefined forgets it. An equal value is no change. */
  set(key: string, now: V | undefined): void {
    const text = now === undefined ? undefined : JSON.stringify(now);
    if (text === this.#texts.get(key)) return;
    const before = this.get(key);
    if (before !== undefined) this.#file(key, before, (keys) => keys.delete(key));
    if (now === undefined || text === undefined) this.#texts.delete(key);
    else {
      this.#texts.set(key, text);
      this.#file(key, now, (keys) => keys.add(key));
    }
    for (const follower of this.#followers) follower(key, before, now);
  }

  /** Replaces the whole content: followers get the differences. */
  replace(all: ReadonlyMap<string, V>): void {
    for (const key of this.#texts.keys()) if (!all.has(key)) this.set(key, undefined);
    for (const [key, value] of all) this.set(key, value);
  }

  #file(key: string, value: V, change: (keys: Set<string>) => void): void {
    for (const index of Object.keys(this.#indexes) as I[]) {
      for (const word of this.#indexes[index](key, value)) {
        const place = `${index} ${word}`;
        const keys = this.#found.get(place) ?? new Set();
        change(keys);
        if (keys.size === 0) this.#found.delete(place);
        else this.#found.set(place, keys);
      }
    }
  }
}
