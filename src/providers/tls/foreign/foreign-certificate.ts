import { createHash } from "node:crypto";
import { namesOf, readCertificates } from "../../acme/chain/index.ts";
import {
  asPodtrustError,
  type Clock,
  defined,
  isoTime,
  type Logger,
  PodtrustError,
  silentLogger,
} from "../../../core/base/index.ts";
import { type CurrentCertificate, heldOf, Holding, pairFault } from "../holding.ts";
import type { CertificateSource, CertificateStatus, ServedCertificate } from "../contract.ts";
import { checkPair } from "../stored.ts";

/** A certificate and its key as another program left them. PEM; the chain with its leaf first. */
export interface ForeignPair {
  readonly certificate: string;
  readonly key: string;
}

export interface ForeignCertificateOptions {
  /** Where they are, for sentences and status: a file, a Secret. */
  readonly from: string;
  /** Reads both; rejects with the error to report. */
  readonly read: () => Promise<ForeignPair>;
  /** The names that the certificate has to carry. */
  readonly names: readonly string[];
  readonly clock: Clock;
  readonly logger?: Logger;
  /** Milliseconds between two looks; 10,000 by default. */
  readonly interval?: number;
}

const defaultInterval = 10_000;

class ForeignCertificate implements CertificateSource {
  readonly #options: ForeignCertificateOptions;
  readonly #logger: Logger;
  readonly #holding: Holding;
  readonly #closing = new AbortController();
  #running: Promise<void> = Promise.resolve();
  // Digests of the pair that is served and of the one refused last: the same content is judged once.
  #served = "";
  #refusedPair = "";
  #failures = 0;
  #renewals = 0;
  #lastError: CertificateStatus["lastError"];
  // What is wrong with the pair that is served where there is no better one.
  #servedFault: CertificateStatus["lastError"];

  constructor(options: ForeignCertificateOptions) {
    this.#options = options;
    this.#logger = (options.logger ?? silentLogger).child({ certificate: options.from });
    this.#holding = new Holding(this.#logger);
  }

  async start(): Promise<void> {
    await this.#look();
    this.#running = this.#watch();
  }

  current(): ServedCertificate | undefined {
    return this.#holding.current();
  }

  onChange(listener: () => void): () => void {
    return this.#holding.onChange(listener);
  }

  status(): CertificateStatus {
    const { held } = this.#holding;
    const closed = this.#closing.signal.aborted;
    const lastError = this.#lastError ?? this.#servedFault;
    return {
      state: closed ? "closed" : lastError === undefined ? "valid" : "failing",
      names: held === undefined ? [] : namesOf(readCertificates(held.certificate)[0]),
      ready: this.#holding.isReady(this.#options.clock.now()),
      attempts: Math.max(this.#failures, this.#servedFault === undefined ? 0 : 1),
      renewals: this.#renewals,
      ...defined({ notBefore: held?.notBefore, notAfter: held?.notAfter, from: held?.from, lastError }),
    };
  }

  async close(): Promise<void> {
    this.#closing.abort(new PodtrustError("interrupted", "the watch of a certificate was closed"));
    await this.#running;
  }

  async #watch(): Promise<void> {
    const { clock, interval = defaultInterval } = this.#options;
    for (;;) {
      try {
        await clock.sleep(interval, this.#closing.signal);
      } catch {
        return;
      }
      try {
        await this.#look();
      } catch (error) {
        this.#refused(error);
      }
    }
  }

  async #look(): Promise<void> {
    const { certificate, key } = await this.#options.read();
    const seen = createHash("sha256").update(certificate).update("\0").update(key).digest("hex");
    if (seen === this.#refusedPair) return;
    if (seen !== this.#served) this.#take(seen, { certificate, key });
    this.#failures = 0;
    this.#lastError = undefined;
  }

  #take(seen: string, pair: ForeignPair): void {
    this.#refusedPair = seen;
    const fresh = this.#judge(pair.certificate, pair.key);
    this.#refusedPair = "";
    this.#served = seen;
    const first = this.#holding.held === undefined;
    this.#holding.swap(fresh);
    if (!first) this.#renewals += 1;
    this.#logger.info("certificate in use", { notAfter: isoTime(fresh.notAfter) });
  }

  #judge(certificate: string, key: string): CurrentCertificate {
    checkPair(certificate, key);
    const fresh = heldOf({ certificate, key }, this.#options.from);
    const now = this.#options.clock.now();
    const fault = this.#faultOf(fresh, now, this.#holding.held);
    if (fault !== undefined && this.#isGood(now)) {
      throw new PodtrustError("certificate-invalid", `the new certificate cannot be served: ${fault}`, {
        next: "Put a certificate there that is good; the one before stays in use.",
      });
    }
    this.#servedFault = fault === undefined ? undefined : this.#complaint(fault, now);
    return fresh;
  }

  // A private root that issues by itself is not known here: at the start a leaf alone is taken for its certificate.
  #faultOf(
    pair: CurrentCertificate,
    now: number,
    before: CurrentCertificate | undefined = pair,
  ): string | undefined {
    return pairFault(pair, { names: this.#options.names, now, before });
  }

  /** Whether what is served is worth keeping. */
  #isGood(now: number): boolean {
    const { held } = this.#holding;
    return held !== undefined && this.#faultOf(held, now) === undefined;
  }

  #complaint(fault: string, at: number): CertificateStatus["lastError"] {
    const next = "Put a good certificate there: relying parties will likely refuse this one.";
    this.#logger.error("the certificate is used for want of a better one", { error: fault, next });
    return { code: "certificate-invalid", message: fault, next, at };
  }

  // A writer that is between its two files looks the same: the next look sees both.
  #refused(error: unknown): void {
    const { code, message, next } = asPodtrustError(error);
    const known = this.#lastError?.message === message;
    this.#failures += 1;
    this.#lastError = { code, message, next, at: this.#options.clock.now() };
    if (!known) this.#logger.error("the changed certificate is not used", { error: message, next });
  }
}

/**
 * A certificate and key that another program renews. They are read every `interval`; a changed pair is used when it is
 * valid, and otherwise the one before stays in use.
 *
 * Rejects with what `read` does, or with `certificate-invalid`, when there is no usable pair at the start.
 */
export async function watchForeignCertificate(
  options: ForeignCertificateOptions,
): Promise<CertificateSource> {
  const watched = new ForeignCertificate(options);
  await watched.start();
  return watched;
}
