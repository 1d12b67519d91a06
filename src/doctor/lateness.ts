import { performance } from "node:perf_hooks";

const everyMs = 100;

/** Watches how far this program itself is held up: by its own work, or by a machine that gives it no processor. */
class Lateness {
  readonly #before = performance.eventLoopUtilization();
  #last = performance.now();
  #sum = 0;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#look(), everyMs);
    this.#timer.unref();
  }

  #look(): void {
    const now = performance.now();
    this.#sum += Math.max(0, now - this.#last - everyMs);
    this.#last = now;
  }

  /**
   * Milliseconds by which its timers were late in all; where it was busy for most of the time, all of that time, since
   * every answer then waited for its turn.
   */
  end(): number {
    this.#look();
    const { active, utilization } = performance.eventLoopUtilization(this.#before);
    return Math.round(utilization < 1 / 2 ? this.#sum : Math.max(this.#sum, active));
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** What is gathered, with the milliseconds by which this program itself was held up meanwhile (`Lateness.end`). */
export async function withLateness<Facts extends object>(
  gather: () => Promise<Facts>,
): Promise<Facts & { readonly lateMs: number }> {
  const lateness = new Lateness();
  try {
    const facts = await gather();
    return { ...facts, lateMs: lateness.end() };
  } finally {
    lateness.stop();
  }
}
