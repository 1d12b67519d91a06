import { type Clock, defined, errorText, type Logger } from "../../core/base/index.ts";
import type { Authority } from "./authority.ts";
import type { HeldCertificate } from "./holding.ts";
import { selectRenewal } from "./renewal.ts";
import type { StoredRenewal } from "./store.ts";

// RFC 9773 §4.3.3 wants a back-off for renewal information that cannot be had.
const retries = [60_000, 300_000, 1_800_000, 6 * 3_600_000];
const withoutAri = 24 * 3_600_000;
// No wait is longer: what lies further ahead was reckoned by a clock that has been set right since.
const maxWait = withoutAri;

export interface InfoWatchOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
}

/** Asks a CA when it would have a certificate renewed, as often as the CA wants to be asked. */
export class InfoWatch {
  readonly #options: InfoWatchOptions;
  #certificate = "";
  #askAt = Infinity;
  #failures = 0;

  constructor(options: InfoWatchOptions) {
    this.#options = options;
  }

  /** When to ask again, milliseconds since the epoch; Infinity for never. */
  get askAt(): number {
    return this.#askAt;
  }

  /** The CA's word where it is new; undefined where there is none, or it is not yet time to ask. */
  async ask(
    held: HeldCertificate,
    authority: Authority | undefined,
    signal: AbortSignal,
  ): Promise<StoredRenewal | undefined> {
    const now = this.#options.clock.now();
    this.#follow(held, authority);
    if (authority === undefined || !this.#isDue(now)) return undefined;
    try {
      const info = await authority.renewalInfo(held.certificate, signal);
      this.#failures = 0;
      if (info === undefined) {
        this.#askAt = now + withoutAri;
        return undefined;
      }
      const renewal = selectRenewal(info, held.renewal, { now, random: this.#options.random });
      this.#askAt = renewal.checkAt;
      this.#log(renewal, held.renewal);
      return renewal;
    } catch (error) {
      signal.throwIfAborted();
      this.#askAt = now + (retries[Math.min(this.#failures, retries.length - 1)] ?? withoutAri);
      this.#failures += 1;
      this.#options.logger.warn("the CA does not say when to renew", { error: errorText(error) });
      return undefined;
    }
  }

  #isDue(now: number): boolean {
    return this.#askAt !== Infinity && (this.#askAt <= now || this.#askAt > now + maxWait);
  }

  #follow(held: HeldCertificate, authority: Authority | undefined): void {
    if (authority === undefined || held.notAfter <= this.#options.clock.now()) this.#askAt = Infinity;
    else if (held.certificate !== this.#certificate || this.#askAt === Infinity) {
      this.#askAt = held.renewal?.checkAt ?? 0;
      this.#failures = 0;
    }
    this.#certificate = held.certificate;
  }

  #log(renewal: StoredRenewal, before: StoredRenewal | undefined): void {
    if (renewal.selected === before?.selected) return;
    this.#options.logger.info("the CA suggests when to renew", {
      at: new Date(renewal.selected).toISOString(),
      ...defined({ why: renewal.explanationUrl }),
    });
  }
}
