/**
 * Milliseconds of a clock that stands still while this process is late with its own work. A client that sent its
 * request in time does not pay for others that keep the event loop busy.
 */
export class LoopClock {
  readonly #real: () => number;
  readonly #maxMs: number;
  #base = 0;
  #ticked: number;

  /** `real` only goes forward; between two ticks no more than `maxMs` passes, however long it was. */
  constructor(real: () => number, maxMs: number) {
    this.#real = real;
    this.#maxMs = maxMs;
    this.#ticked = real();
  }

  elapsed(): number {
    return this.#base + Math.min(this.#real() - this.#ticked, this.#maxMs);
  }

  /** To be called regularly. */
  tick(): void {
    this.#base = this.elapsed();
    this.#ticked = this.#real();
  }
}
