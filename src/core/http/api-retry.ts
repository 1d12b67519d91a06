import { type Clock, retry, type RetrySchedule, until } from "../base/index.ts";
import { isHeldByProxy } from "./failure.ts";

/** Called for waits: why, and until when (milliseconds of `Clock.elapsed()`). */
export type OnApiWait = (reason: string, deadline: number) => void;

/** A refusal of too many requests (429): nothing was done, and the same may be asked later. */
export interface Throttle {
  /** `Azure takes no more requests for a while (429)` */
  readonly waitsFor: string;
  /** Milliseconds that the API asks to wait; 0 where it does not say. */
  readonly minDelay: number;
}

export interface ApiRetryOptions {
  readonly clock: Clock;
  /** Whether no answer came: it may have been done, or not. */
  readonly isUnanswered: (thrown: unknown) => boolean;
  /** What a failure says of too many requests; undefined for every other. */
  readonly throttleOf: (thrown: unknown) => Throttle | undefined;
  /** How a throttle is waited out, in milliseconds. */
  readonly throttled: Pick<RetrySchedule, "delays" | "giveUpAfter">;
}

const reads: RetrySchedule = {
  name: "a read that got no answer is asked again within half a minute",
  delays: [300, 1000, 3000, 8000],
  giveUpAfter: 30_000,
};

/**
 * Calls of a vendor's API. What reads is asked again when no answer came; what writes is not, since it may have been
 * done: the caller looks before it writes again. A throttle says that nothing was done, and is waited out.
 */
export class ApiRetry {
  readonly #options: ApiRetryOptions;

  constructor(options: ApiRetryOptions) {
    this.#options = options;
  }

  /** A write, made once. Throws what `call` throws; the last throttle where its time is up. */
  write<T>(call: () => Promise<T>, signal: AbortSignal, onWait: OnApiWait): Promise<T> {
    const { clock, throttleOf, throttled } = this.#options;
    let last: unknown;
    return until<T>({
      clock,
      withinMs: throttled.giveUpAfter,
      delays: throttled.delays,
      signal,
      look: async () => {
        try {
          return { is: await call() };
        } catch (thrown) {
          const throttle = throttleOf(thrown);
          if (throttle === undefined) throw thrown;
          last = thrown;
          return throttle;
        }
      },
      onWait,
      late: () => last,
    });
  }

  /** A read. Throws as `write`. */
  read<T>(call: () => Promise<T>, signal: AbortSignal, onWait: OnApiWait): Promise<T> {
    const { clock, isUnanswered } = this.#options;
    return retry(() => this.write(call, signal, onWait), {
      schedule: reads,
      clock,
      signal,
      retryable: (thrown) => isUnanswered(thrown) && !isHeldByProxy(thrown) && !signal.aborted,
    });
  }
}
