import type { Sample } from "./exposition.ts";

/** How often something took how long, counted by plain additions and read when somebody asks for metrics. */
export class Histogram {
  readonly #bounds: readonly number[];
  /** Counts per bucket; the last one is everything above the bounds. */
  readonly #counts: number[];
  #sum = 0;

  /** `bounds`: the buckets' upper ones in seconds, ascending. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  /** Notes how long it took, in seconds. */
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
