interface Entry {
  readonly at: number;
  readonly key: string;
}

/** Keys that wait for their time, earliest first: a binary heap, in which a key may stand more than once. */
export class Delays {
  readonly #heap: Entry[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** When the earliest is due; undefined where none waits. */
  get next(): number | undefined {
    return this.#heap[0]?.at;
  }

  push(key: string, at: number): void {
    this.#heap.push({ at, key });
    this.#rise(this.#heap.length - 1);
  }

  /** Takes the earliest out where it is due. */
  popDue(now: number): Entry | undefined {
    const [first] = this.#heap;
    if (first === undefined || first.at > now) return undefined;
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink();
    }
    return first;
  }

  #at(index: number): number {
    return this.#heap[index]?.at ?? Infinity;
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (first === undefined || second === undefined) return;
    this.#heap[a] = second;
    this.#heap[b] = first;
  }

  #rise(from: number): void {
    for (let index = from; index > 0;) {
      const parent = (index - 1) >> 1;
      if (this.#at(parent) <= this.#at(index)) return;
      this.#swap(parent, index);
      index = parent;
    }
  }

  #sink(): void {
    for (let index = 0; ;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const least = this.#at(right) < this.#at(left) ? right : left;
      if (this.#at(least) >= this.#at(index)) return;
      this.#swap(least, index);
      index = least;
    }
  }
}
