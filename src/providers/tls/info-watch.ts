import { type Clock, defined, delayAfter, errorText, isoTime, type Logger } from "../../core/base/index.ts";
import type { Authority } from "./authority.ts";
import type { CurrentCertificate } from "./holding.ts";
import { selectRenewal } from "./renewal.ts";
import type { StoredRenewal } from "./store.ts";

// RFC 9773 §4.3.3 wants a back-off for renewal information that cannot be had.
const retries = [60_000, 300_000, 1_800_000, 6 * 3_600_000];
const withoutAri = 24 * 3_600_000;
// No wait is longer: a date further ahead was computed by a clock that has been corrected since.
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
  /** When the CA wants to be asked, as stored; milliseconds since the epoch, Infinity for never. */
  #askAt = Infinity;
  /** Not before, whatever that date says; milliseconds of `clock.elapsed()`. */
  #notBefore = -Infinity;
  #failures = 0;

  constructor(options: InfoWatchOptions) {
    this.#options = options;
  }

  /** How long until it is time to ask again, in milliseconds; Infinity for never. */
  get left(): number {
    const { clock } = this.#options;
    return Math.max(0, this.#askAt - clock.now(), this.#notBefore - clock.elapsed());
  }

  /** The CA's answer where it is new; undefined where there is none, or it is not yet time to ask. */
  async ask(
    held: CurrentCertificate,
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
        this.#pause(withoutAri);
        return undefined;
      }
      const renewal = selectRenewal(info, held.renewal, { now, random: this.#options.random });
      this.#askAt = renewal.checkAt;
      this.#log(renewal, held.renewal);
      return renewal;
    } catch (error) {
      signal.throwIfAborted();
      this.#pause(delayAfter(retries, this.#failures));
      this.#failures += 1;
      this.#options.logger.warn("the CA does not say when to renew", { error: errorText(error) });
      return undefined;
    }
  }

  #isDue(now: number): boolean {
    if (this.#askAt === Infinity || this.#options.clock.elapsed() < this.#notBefore) return false;
    return this.#askAt <= now || this.#askAt > now + maxWait;
  }

  /** The time is not stored: this process alone asks again after `ms`. */
  #pause(ms: number): void {
    this.#askAt = 0;
    this.#notBefore = this.#options.clock.elapsed() + ms;
  }

  #follow(held: CurrentCertificate, authority: Authority | undefined): void {
    if (authority === undefined || held.notAfter <= this.#options.clock.now()) this.#askAt = Infinity;
    else if (held.certificate !== this.#certificate || this.#askAt === Infinity) {
      this.#askAt = held.renewal?.checkAt ?? 0;
      this.#notBefore = -Infinity;
      this.#failures = 0;
    }
    this.#certificate = held.certificate;
  }

  #log(renewal: StoredRenewal, before: StoredRenewal | undefined): void {
    if (renewal.selected === before?.selected) return;
    this.#options.logger.info("the CA suggests when to renew", {
      at: isoTime(renewal.selected),
      ...defined({ why: renewal.explanationUrl }),
    });
  }
}
