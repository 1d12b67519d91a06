/**
 * Where time comes from. Pure folders take `now` as a number; everything that waits takes a Clock, so that a
 * test can move time by hand.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Milliseconds since some moment of this process, whatever becomes of the machine's time of day: for how long
   * something has lasted. It does not count while a whole machine is suspended.
   */
  elapsed(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

// setTimeout overflows above 2^31-1 ms and then fires at once; longer waits are cut into pieces.
const maxTimer = 2 ** 31 - 1;

function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
    return undefined;
  });
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  async sleep(ms, signal) {
    let left = Math.max(0, ms);
    do {
      const piece = Math.min(left, maxTimer);
      await wait(piece, signal);
      left -= piece;
    } while (left > 0);
  },
};

/** Seconds since the epoch, as JWTs count (RFC 7519 §2, NumericDate), rounded down. */
export function epochSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}
