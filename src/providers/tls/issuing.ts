import { AcmeProblem, type IssuedCertificate } from "../acme/index.ts";
import {
  asPodtrustError,
  ChildAbort,
  type Clock,
  defined,
  errorText,
  type Logger,
  mapped,
  PodtrustError,
} from "../../core/base/index.ts";
import type { Authority, AuthorityTools, OpenAuthority } from "./authority.ts";
import { stagingDirectory } from "./environments.ts";
import type { AccountUri, CertificateIssuer } from "./contract.ts";

/** An issuer with its environments and the outcome of the last attempts there. */
interface Chain {
  readonly issuer: CertificateIssuer;
  readonly production: Authority;
  readonly staging: Authority | undefined;
  /** Failures in a row. */
  failures: number;
  /** Not to be asked before, by its own Retry-After; milliseconds of `clock.elapsed()`. */
  blockedUntil: number;
}

/** A certificate, and its issuer. */
export interface Obtained {
  readonly issued: IssuedCertificate;
  readonly issuer: CertificateIssuer;
}

/** What a new certificate replaces. */
export interface Replaced {
  readonly directory: string;
  readonly certificate: string;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

// A staging that is itself down says nothing about us, and must not keep us from production.
const ownFaults = ["acme-unavailable", "http-unreachable", "http-timeout", "http-tls", "acme-rate-limited"];

function isOwnFault(error: unknown): boolean {
  return error instanceof PodtrustError && ownFaults.includes(error.code);
}

// A CA's decisions take five minutes each at the most, and there are two of them.
const defaultCertificateMs = 900_000;
const hours = 3_600_000;

/**
 * The longest wait for a CA's Retry-After: a quarter of the life that is left of what is served, and six hours at the
 * least, which is all when nothing is served. One answer of a CA must not take an issuer offline for a month, and a CA
 * that is asked too early only refuses again.
 */
function maxWait(notAfter: number | undefined, now: number): number {
  return Math.max(6 * hours, ((notAfter ?? now) - now) / 4);
}

/** Asks the issuers in their order; after a failure an issuer's staging before its production. */
export class Issuing {
  readonly #chains: readonly Chain[];
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #accounts = new Map<string, AccountUri>();

  constructor(issuers: readonly CertificateIssuer[], tools: AuthorityTools, open: OpenAuthority) {
    this.#clock = tools.clock;
    this.#logger = tools.logger;
    this.#chains = issuers.map((issuer) => {
      const staging = stagingDirectory(issuer);
      return {
        issuer,
        production: open(issuer, issuer.directory, tools),
        staging: staging === undefined ? undefined : open(issuer, staging, tools),
        failures: 0,
        blockedUntil: -Infinity,
      };
    });
  }

  get #authorities(): readonly Authority[] {
    return this.#chains.flatMap(({ production, staging }) =>
      staging === undefined ? [production] : [production, staging],
    );
  }

  /** The accounts made so far. */
  get accounts(): readonly AccountUri[] {
    return this.#authorities.flatMap(({ directory }) => this.#accounts.get(directory) ?? []);
  }

  /** Makes the missing accounts, at every CA and environment in use. True when none is missing any more. */
  async makeAccounts(signal?: AbortSignal): Promise<boolean> {
    for (const authority of this.#authorities) {
      if (this.#accounts.has(authority.directory)) continue;
      try {
        this.#accounts.set(authority.directory, await authority.account(signal));
      } catch (error) {
        signal?.throwIfAborted();
        this.#logger.warn("no account yet", { ca: authority.directory, error: errorText(error) });
      }
    }
    return this.#accounts.size === new Set(this.#authorities.map((one) => one.directory)).size;
  }

  /** The production authority at a directory. */
  authority(directory: string): Authority | undefined {
    return this.#chains.find(({ issuer }) => issuer.directory === directory)?.production;
  }

  clockOffset(): number | undefined {
    return this.#authorities.map((one) => one.clockOffset()).find((offset) => offset !== undefined);
  }

  /** Milliseconds until an issuer may be asked; 0 when one may be now. */
  get blockedFor(): number {
    const until = Math.min(...this.#chains.map(({ blockedUntil }) => blockedUntil));
    return Math.max(0, until - this.#clock.elapsed());
  }

  /** Throws the preferred issuer's error when none gives a certificate. */
  async obtain(
    names: readonly string[],
    replaced: Replaced | undefined,
    signal: AbortSignal,
  ): Promise<Obtained> {
    const errors: PodtrustError[] = [];
    for (const chain of this.#chains) {
      if (chain.blockedUntil > this.#clock.elapsed()) continue;
      try {
        const issued = await this.#askInTime(chain, names, replaced, signal);
        chain.failures = 0;
        chain.blockedUntil = -Infinity;
        return { issued, issuer: chain.issuer };
      } catch (error) {
        signal.throwIfAborted();
        this.#failed(chain, error, maxWait(replaced?.notAfter, this.#clock.now()));
        errors.push(asPodtrustError(error));
      }
    }
    throw errors[0] ?? new PodtrustError("acme-rate-limited", "every CA asked us to wait");
  }

  async #ask(
    chain: Chain,
    names: readonly string[],
    replaced: Replaced | undefined,
    signal: AbortSignal,
  ): Promise<IssuedCertificate> {
    if (chain.failures > 0 && chain.staging !== undefined) await this.#rehearse(chain.staging, names, signal);
    const held = defined({ served: replaced?.certificate });
    const own = replaced?.directory === chain.issuer.directory ? { replaces: replaced.certificate } : {};
    return chain.production.obtain(names, { ...held, ...own }, signal);
  }

  /** Asks a CA and its staging for as long as one certificate may take: a slow one must not keep us from the next. */
  async #askInTime(
    chain: Chain,
    names: readonly string[],
    replaced: Replaced | undefined,
    signal: AbortSignal,
  ): Promise<IssuedCertificate> {
    const ms = chain.issuer.certificateMs ?? defaultCertificateMs;
    // Each single answer has its own bound; this is real time, as theirs is.
    const limit = AbortSignal.timeout(ms);
    const either = new ChildAbort(signal, limit);
    try {
      return await this.#ask(chain, names, replaced, either.signal);
    } catch (error) {
      if (!limit.aborted) throw error;
      const sentence = `${chain.issuer.directory}: no certificate within ${ms / 1000} s`;
      throw new PodtrustError("deadline-exceeded", sentence, { cause: error });
    } finally {
      either.release();
    }
  }

  // What fails at staging would fail at production too, and there it would count against our limits.
  async #rehearse(staging: Authority, names: readonly string[], signal: AbortSignal): Promise<void> {
    try {
      await staging.obtain(names, undefined, signal);
      this.#logger.info("staging issues again; asking production", { ca: staging.directory });
    } catch (error) {
      signal.throwIfAborted();
      if (!isOwnFault(error)) throw error;
      this.#logger.warn("staging is of no help; asking production", {
        ca: staging.directory,
        error: errorText(error),
      });
    }
  }

  #failed(chain: Chain, error: unknown, maxMs: number): void {
    chain.failures += 1;
    const asked = error instanceof AcmeProblem ? error.retryAfterMs : undefined;
    const wait = asked === undefined ? undefined : Math.min(asked, maxMs);
    if (wait !== undefined) chain.blockedUntil = this.#clock.elapsed() + wait;
    this.#logger.error("no certificate", {
      ca: chain.issuer.directory,
      failures: chain.failures,
      error: errorText(error),
      ...(error instanceof PodtrustError ? { code: error.code, next: error.next } : {}),
      ...defined({ retryAfterSeconds: mapped(wait, (ms) => Math.ceil(ms / 1000)) }),
    });
  }
}
