import { type Clock, type Logger, Waiters } from "../core/base/index.ts";
import { FairKeys } from "./controller/index.ts";
import type { EventRecorder, NewEvent } from "../providers/kubernetes/index.ts";

export interface PacedEventsOptions {
  readonly recorder: Pick<EventRecorder, "record">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Events written at once after a pause, and in each second after that. */
const burst = 25;
const perSecond = 10;
/** The most Events that wait: five changes of a thousand objects at once. */
const maxWaiting = 5000;
/** Milliseconds for each, and for the rest when it ends. */
const maxWrite = 5000;
const flushTimeoutMs = 2000;

/**
 * Events of two kinds. A Warning is written before its caller continues. The rest is written in the background,
 * namespace by namespace in turn, at a rate that an API server hardly notices: a thousand objects that change at once
 * are reconciled first and explained afterwards.
 */
export class PacedEvents {
  readonly #options: PacedEventsOptions;
  readonly #fairKeys = new FairKeys();
  readonly #waiting = new Map<string, NewEvent>();
  readonly #waiters = new Waiters();
  #recorded = 0;
  #isFull = false;

  constructor(options: PacedEventsOptions) {
    this.#options = options;
  }

  /** Resolves once a Warning is written; at once for all others, which are dropped when too many wait. */
  async record(happening: NewEvent): Promise<void> {
    const { recorder, clock, logger } = this.#options;
    if (happening.type === "Warning") return recorder.record(happening);
    if (this.#waiting.size >= maxWaiting) {
      if (!this.#isFull)
        logger.warn(`${maxWaiting} Events wait to be written: others of the type Normal are left out`);
      this.#isFull = true;
      return;
    }
    this.#recorded += 1;
    const key = `${happening.regarding.namespace ?? ""}/${this.#recorded}`;
    this.#waiting.set(key, { at: clock.now(), ...happening });
    this.#fairKeys.add(key);
    this.#waiters.check();
  }

  /** Writes until the signal is aborted, then the rest for at most two seconds; what remains is dropped. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let [left, at] = [burst, clock.elapsed()];
    while (!signal.aborted) {
      const now = clock.elapsed();
      [left, at] = [Math.min(burst, left + ((now - at) / 1000) * perSecond), now];
      if (this.#waiting.size === 0)
        await this.#waiters.until(() => this.#waiting.size > 0, signal).catch(() => {});
      else if (left < 1) await clock.sleep(1000 / perSecond, signal).catch(() => {});
      else {
        left -= 1;
        await this.#write(AbortSignal.timeout(maxWrite));
      }
    }
    const end = AbortSignal.timeout(flushTimeoutMs);
    while (this.#waiting.size > 0 && !end.aborted) await this.#write(end);
    while (this.#take() !== undefined);
  }

  #take(): NewEvent | undefined {
    const key = this.#fairKeys.take() ?? "";
    const next = this.#waiting.get(key);
    this.#waiting.delete(key);
    if (this.#waiting.size === 0) this.#isFull = false;
    return next;
  }

  async #write(signal: AbortSignal): Promise<void> {
    const next = this.#take();
    if (next !== undefined) await this.#options.recorder.record(next, { signal });
  }
}
