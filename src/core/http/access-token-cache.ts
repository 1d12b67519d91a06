import { type Clock, SharedWork } from "../base/index.ts";

/** An access token as it was issued. */
export interface IssuedToken {
  readonly value: string;
  /** Milliseconds that it lives, from when it was asked for. */
  readonly livesMs: number;
}

interface Kept {
  readonly value: string;
  /** In milliseconds of `Clock.elapsed()`. */
  readonly ends: number;
}

// A token that ends while a call is on its way is no use.
const margin = 60_000;

/** One access token, shared by all callers and renewed before it ends. */
export class AccessTokenCache {
  readonly #issue: (signal: AbortSignal) => Promise<IssuedToken>;
  readonly #clock: Clock;
  #work: SharedWork<Kept> | undefined;

  constructor(issue: (signal: AbortSignal) => Promise<IssuedToken>, clock: Clock) {
    this.#issue = issue;
    this.#clock = clock;
  }

  async #make(signal: AbortSignal): Promise<Kept> {
    const asked = this.#clock.elapsed();
    const { value, livesMs } = await this.#issue(signal);
    return { value, ends: asked + Math.max(livesMs - margin, livesMs / 2) };
  }

  /** Throws what the request for one throws. */
  async get(signal: AbortSignal): Promise<string> {
    const work = SharedWork.again(this.#work, (own) => this.#make(own));
    this.#work = work;
    const { value, ends } = await work.wait(signal);
    if (ends > this.#clock.elapsed()) return value;
    if (this.#work === work) this.#work = undefined;
    return this.get(signal);
  }

  /** Drops a token that was refused. */
  forget(): void {
    this.#work = undefined;
  }
}
