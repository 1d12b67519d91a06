/**
 * Records by key, in order of creation. Records are immutable: a change replaces a record, so that none escapes the
 * store.
 */
export class Table<T> {
  readonly #records = new Map<string, T>();
  #dirty = false;

  constructor(entries: readonly (readonly [string, T])[] = []) {
    for (const [key, record] of entries) this.#records.set(key, record);
  }

  get size(): number {
    return this.#records.size;
  }

  get(key: string): T | undefined {
    return this.#records.get(key);
  }

  has(key: string): boolean {
    return this.#records.has(key);
  }

  set(key: string, record: T): void {
    this.#records.set(key, record);
    this.#dirty = true;
  }

  delete(key: string): boolean {
    const was = this.#records.delete(key);
    this.#dirty ||= was;
    return was;
  }

  deleteOldest(): void {
    for (const key of this.#records.keys()) {
      this.delete(key);
      return;
    }
  }

  clear(): void {
    this.#dirty ||= this.#records.size > 0;
    this.#records.clear();
  }

  values(): T[] {
    return [...this.#records.values()];
  }

  entries(): [string, T][] {
    return [...this.#records.entries()];
  }

  /** True once after a change: the store then writes. */
  takeDirty(): boolean {
    const was = this.#dirty;
    this.#dirty = false;
    return was;
  }

  /** Records that the last write failed and must be repeated. */
  markDirty(): void {
    this.#dirty = true;
  }
}
