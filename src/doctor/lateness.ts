import { performance } from "node:perf_hooks";

const everyMs = 100;

/** Watches how far this program itself is held up: by its own work, or by a machine that gives it no processor. */
export class Lateness {
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
   * every answer then waited for its turn. Watches no more.
   */
  end(): number {
    this.#look();
    clearInterval(this.#timer);
    const { active, utilization } = performance.eventLoopUtilization(this.#before);
    return Math.round(utilization < 1 / 2 ? this.#sum : Math.max(this.#sum, active));
  }
}
