import type { Clock, Logger } from "../base/index.ts";
import type { EventRecorder, Happening } from "./event-recorder.ts";

export interface PacedEventsOptions {
  readonly recorder: Pick<EventRecorder, "record">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Events that are written at once after a rest, and in each second after that. */
const burst = 25;
const perSecond = 10;
/** Events that wait at the most: those of a thousand objects that change at once, five times. */
const most = 5000;
/** Milliseconds for each, and for those that still wait when it ends. */
const longestWrite = 5000;
const farewell = 2000;

/**
 * Writes Events behind the work that they tell of, and no more of them than an API server hardly notices: a thousand
 * objects that change at once are finished first, and explained after that.
 */
export class PacedEvents {
  readonly #options: PacedEventsOptions;
  readonly #waiting: Happening[] = [];
  #woken = Promise.withResolvers<void>();
  #dropped = 0;

  constructor(options: PacedEventsOptions) {
    this.#options = options;
  }

  /** Writes it soon; the oldest that waits is dropped where too many do. */
  tell(happening: Happening): void {
    this.#waiting.push(happening);
    if (this.#waiting.length > most) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
    this.#woken.resolve();
  }

  /** Writes until the signal is aborted, then what still waits, two seconds at the most. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    let [left, at] = [burst, clock.elapsed()];
    while (!signal.aborted) {
      const now = clock.elapsed();
      [left, at] = [Math.min(burst, left + ((now - at) / 1000) * perSecond), now];
      if (this.#waiting.length === 0) await this.#untilWoken(signal);
      else if (left < 1) await clock.sleep(1000 / perSecond, signal).catch(() => {});
      else {
        left -= 1;
        await this.#write(AbortSignal.timeout(longestWrite));
      }
    }
    const end = AbortSignal.timeout(farewell);
    while (this.#waiting.length > 0 && !end.aborted) await this.#write(end);
    const lost = this.#dropped + this.#waiting.length;
    if (lost > 0) logger.warn(`${lost} Events were not written: there were too many at once`);
  }

  async #untilWoken(signal: AbortSignal): Promise<void> {
    this.#woken = Promise.withResolvers();
    const { promise, resolve } = this.#woken;
    const end = (): void => resolve();
    signal.addEventListener("abort", end, { once: true });
    await promise;
    signal.removeEventListener("abort", end);
  }

  async #write(signal: AbortSignal): Promise<void> {
    const next = this.#waiting.shift();
    if (next !== undefined) await this.#options.recorder.record(next, { signal });
  }
}
