import type { Sample } from "./exposition.ts";

/** A histogram of durations: an observation only adds to counters, which are read when metrics are scraped. */
export class Histogram {
  readonly #bounds: readonly number[];
  /** Counts per bucket; the last one is everything above the bounds. */
  readonly #counts: number[];
  #sum = 0;

  /** `bounds`: the buckets' upper bounds in seconds, ascending. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  /** Records a duration in seconds. */
  took(seconds: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && seconds > (this.#bounds[bucket] ?? 0)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += seconds;
  }

  get samples(): readonly Sample[] {
    let count = 0;
    const buckets = this.#counts.map((more, index) => {
      count += more;
      const le = String(this.#bounds[index] ?? "+Inf");
      return { labels: { le }, value: count, suffix: "_bucket" };
    });
    return [
      ...buckets,
      { labels: {}, value: this.#sum, suffix: "_sum" },
      { labels: {}, value: count, suffix: "_count" },
    ];
  }
}
