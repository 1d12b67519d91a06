import { PodtrustError } from "../../core/base/index.ts";
import { parseJws } from "../../rules/oidc/index.ts";
import { isAway } from "./made.ts";
import type { NotShown, OnEvent, RotationReport } from "../report.ts";

/** Inputs of the continuous check. */
export interface MeanwhileInputs {
  readonly clock: { sleep(ms: number, signal?: AbortSignal): Promise<void> };
  /** A new token of the bound ServiceAccount. */
  readonly mint: (signal: AbortSignal) => Promise<string>;
  /** Asks STS with a token; false when it is refused. */
  readonly accepted: (token: string) => Promise<boolean>;
  readonly signal: AbortSignal;
}

const pauseMs = 250;
/** Tokens are used this long after they were minted, beside the newer ones. */
const maxTokens = 8;

/** Mints tokens one after another throughout the demo, and asks STS with those of the last seconds. */
export class TokenChecker {
  readonly #inputs: MeanwhileInputs;
  readonly #stopped = new AbortController();
  readonly #tokens: string[] = [];
  readonly #kids: string[] = [];
  readonly #running: Promise<void>;
  #minted = 0;
  #asked = 0;
  #refused = 0;

  constructor(inputs: MeanwhileInputs) {
    this.#inputs = inputs;
    this.#running = this.#run(AbortSignal.any([inputs.signal, this.#stopped.signal]));
    // Its failure is thrown when the outcome is requested; until then Node would report it as unhandled.
    this.#running.catch(() => undefined);
  }

  /** How many keys signed so far. */
  get keys(): number {
    return this.#kids.length;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#mint(signal);
      await Promise.all(
        this.#tokens.map(async (token) => {
          const accepted = await this.#inputs.accepted(token);
          this.#asked += 1;
          if (!accepted) this.#refused += 1;
        }),
      );
      await this.#inputs.clock.sleep(pauseMs, signal).catch(() => {});
    }
  }

  async #mint(signal: AbortSignal): Promise<void> {
    try {
      const token = await this.#inputs.mint(signal);
      const kid = parseJws(token).kid ?? "";
      if (!this.#kids.includes(kid)) this.#kids.push(kid);
      this.#minted += 1;
      this.#tokens.push(token);
      // The first stays: it is like that of a pod older than a rotation.
      if (this.#tokens.length > maxTokens) this.#tokens.splice(1, 1);
    } catch (error) {
      // While its keys are changed an API server is down for a moment: minted tokens have to stay valid.
      if (!signal.aborted && !isAway(error)) throw error;
    }
  }

  /** Ends it; throws what it met. */
  async end(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  /** Ends it and reports the outcome. Throws `demo-link-broken` when a valid token was refused. */
  async report(onEvent: OnEvent): Promise<{ rotation?: RotationReport; notShown: readonly NotShown[] }> {
    await this.end();
    const [first = "", ...others] = this.#kids;
    const rotated = others.length > 0;
    const title = rotated
      ? "Meanwhile the cluster's signing key was rotated, and no valid token was refused."
      : "Meanwhile tokens followed one another, and no valid token was refused.";
    if (this.#refused > 0) {
      const sentence = `${this.#refused} of ${this.#asked} valid tokens were refused meanwhile`;
      throw new PodtrustError("demo-link-broken", sentence);
    }
    onEvent({ kind: "heading", title });
    const by = rotated
      ? `by the keys ${[first, ...others].map(short).join(", then ")}`
      : `by the key ${short(first)}`;
    onEvent({ kind: "step", text: `${this.#minted} tokens were minted one after another, signed ${by}.` });
    onEvent({
      kind: "step",
      text: `STS was asked ${this.#asked} times with them and refused ${this.#refused}.`,
    });
    if (rotated) return { rotation: { tokensChecked: this.#asked, refused: this.#refused }, notShown: [] };
    const why =
      "its keys are the cluster's own; with --watch-rotation the demo waits until you have rotated them";
    return { notShown: [{ what: "a rotation of the signing key", why }] };
  }
}

const short = (kid: string): string => (kid.length > 12 ? `${kid.slice(0, 12)}…` : kid);
