import { randomInt } from "node:crypto";
import { identifiersOf } from "../acme/index.ts";
import {
  asPodtrustError,
  ChildAbort,
  type Clock,
  defined,
  errorText,
  isoTime,
  type Logger,
  PodtrustError,
  silentLogger,
  TimeLimit,
  Waiters,
} from "../../core/base/index.ts";
import { AcmeAccounts } from "./accounts.ts";
import { acmeAuthority, type OpenAuthority } from "./authority.ts";
import { Backoff } from "./backoff.ts";
import { type CurrentCertificate, heldOf, Holding } from "./holding.ts";
import { InfoWatch } from "./info-watch.ts";
import { Issuing } from "./issuing.ts";
import { Keeping } from "./keeping.ts";
import type {
  AccountUri,
  CertificateManager,
  CertificateManagerOptions,
  CertificateState,
  CertificateStatus,
  ServedCertificate,
} from "./contract.ts";
import { decideRenewal, type RenewalDecision } from "./renewal.ts";
import type { CertificateStore, StoreLock } from "./store.ts";

// Timers do not run while a machine sleeps, and clocks get set: look at the time at least this often.
const maxSleep = 600_000;
// A CA that suggests renewing what it has only just issued would otherwise be asked without a pause.
const minAge = 600_000;
const afterFault = 60_000;
// Longer than all CAs of a config take for one certificate.
const maxLockWait = 3_600_000;

const draw = (): number => randomInt(2 ** 40) / 2 ** 40;

class Manager implements CertificateManager {
  readonly #names: readonly string[];
  readonly #store: CertificateStore;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #issuing: Issuing;
  readonly #holding: Holding;
  readonly #keeping: Keeping;
  readonly #info: InfoWatch;
  readonly #backoff: Backoff;
  readonly #waiters = new Waiters();
  readonly #leave: () => void;
  readonly #closing = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #wake: { abort(): void } = new AbortController();
  #forced: PromiseWithResolvers<void> | undefined;
  // Requested by a person, whatever the certificate's dates say; set until one was obtained.
  #wanted = false;
  #working = false;
  #accountsMade = false;
  #renewals = 0;
  /** Until when what is served is too new to be replaced, in milliseconds of `clock.elapsed()`. */
  #youngUntil = -Infinity;
  /** When the first order may be, in milliseconds of `clock.elapsed()`. */
  readonly #firstOrderAt: number;
  // Why what is served should not be: only what the store had at the start can be such.
  #fault: string | undefined;
  #nextAttempt: number | undefined;

  constructor(options: CertificateManagerOptions, open: OpenAuthority) {
    this.#names = identifiersOf(options.names).map((one) => one.value);
    this.#store = options.store;
    this.#clock = options.clock;
    this.#logger = (options.logger ?? silentLogger).child({ names: this.#names.join(" ") });
    const { store, solvers, termsOfServiceAgreed, clock, issuers } = options;
    const common = { store, clock, logger: this.#logger };
    const accounts = options.accounts ?? new AcmeAccounts(common);
    const leave = accounts.join(store);
    const unsubscribe = store.onChange?.(() => void this.#othersSaved());
    this.#leave = () => {
      leave();
      unsubscribe?.();
    };
    this.#issuing = new Issuing(issuers, { ...common, accounts, solvers, termsOfServiceAgreed }, open);
    this.#keeping = new Keeping({ ...common, issuers, names: this.#names });
    this.#info = new InfoWatch({ ...common, random: options.random ?? draw });
    this.#holding = new Holding(this.#logger);
    this.#backoff = new Backoff(this.#clock);
    this.#firstOrderAt = clock.elapsed() + (options.firstOrderAfter ?? 0);
  }

  async start(): Promise<void> {
    const held = await this.#keeping.newest();
    if (held !== undefined) this.#serveStored(held);
    this.#running = this.#run();
  }

  current(): ServedCertificate | undefined {
    return this.#holding.current();
  }

  onChange(listener: () => void): () => void {
    return this.#holding.onChange(listener);
  }

  accounts(): readonly AccountUri[] {
    return this.#issuing.accounts;
  }

  async accountsReady(signal?: AbortSignal): Promise<readonly AccountUri[]> {
    await this.#untilClosed(() => this.#accountsMade, signal);
    return this.#issuing.accounts;
  }

  ready(signal?: AbortSignal): Promise<void> {
    return this.#untilClosed(() => this.#holding.isReady(this.#clock.now()), signal);
  }

  async renewNow(): Promise<void> {
    this.#closing.signal.throwIfAborted();
    this.#wanted = true;
    this.#forced ??= Promise.withResolvers<void>();
    const { promise } = this.#forced;
    this.#wake.abort();
    await promise;
  }

  status(): CertificateStatus {
    const { held } = this.#holding;
    const decision = this.#decision();
    const lastError = this.#backoff.lastError ?? this.#keeping.lastError;
    const clockOffset = this.#issuing.clockOffset();
    return {
      state: this.#state(),
      names: this.#names,
      ready: this.#holding.isReady(this.#clock.now()),
      attempts: this.#backoff.failures,
      renewals: this.#renewals,
      ...(held === undefined && this.#keeping.isEmpty ? { first: true } : {}),
      ...defined({
        notBefore: held?.notBefore,
        notAfter: held?.notAfter,
        from: held?.from,
        nextRenewal: decision?.at,
        renewalReason: decision?.reason,
        nextAttempt: this.#nextAttempt,
        lastError,
        clockOffset,
      }),
    };
  }

  async close(): Promise<void> {
    this.#closing.abort(new PodtrustError("interrupted", "the certificate manager was closed"));
    await this.#running;
    this.#leave();
    this.#settle((forced) => forced.reject(this.#closing.signal.reason as Error));
  }

  // A bad one is better than nothing, and is replaced at once.
  #serveStored(held: CurrentCertificate): void {
    this.#fault = this.#keeping.faultOf(held);
    if (this.#fault !== undefined)
      this.#logger.error("the stored certificate is not good; asking for another", { fault: this.#fault });
    this.#holding.swap(held);
  }

  async #untilClosed(condition: () => boolean, signal = this.#closing.signal): Promise<void> {
    const either = new ChildAbort(this.#closing.signal, signal);
    try {
      await this.#waiters.until(condition, either.signal);
    } finally {
      either.release();
    }
  }

  #state(): CertificateState {
    if (this.#closing.signal.aborted) return "closed";
    if (this.#backoff.failures > 0) return "failing";
    if (this.#holding.held === undefined) return "obtaining";
    const good = this.#fault === undefined && this.#holding.isReady(this.#clock.now());
    return this.#working || !good ? "renewing" : "valid";
  }

  #decision(): RenewalDecision | undefined {
    const { held } = this.#holding;
    return held === undefined ? undefined : decideRenewal({ now: this.#clock.now(), ...held });
  }

  /** How long until the next attempt, in milliseconds; 0 for now. */
  #untilDue(): number {
    const { held } = this.#holding;
    const [now, elapsed] = [this.#clock.now(), this.#clock.elapsed()];
    if (held === undefined) return Math.max(this.#backoff.left, this.#firstOrderAt - elapsed);
    if (this.#wanted || this.#fault !== undefined) return this.#backoff.left;
    const due = decideRenewal({ now, ...held }).at;
    return Math.max(due - now, this.#backoff.left, this.#youngUntil - elapsed);
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await this.#step();
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        // This should not happen; whatever does must not end the renewals for good.
        this.#logger.error("the manager of certificates met a fault", { error: errorText(error) });
        await this.#clock.sleep(afterFault, this.#closing.signal).catch(() => {});
      }
    }
  }

  async #step(): Promise<void> {
    await this.#makeAccounts();
    const { held } = this.#holding;
    if (held !== undefined && this.#keeping.lastError !== undefined) await this.#keeping.saveAgain(held);
    if (held !== undefined) await this.#askRenewalInfo(held);
    const wait = this.#untilDue();
    if (wait <= 0 || this.#forced !== undefined) await this.#attempt();
    else await this.#sleep(wait);
  }

  async #sleep(wait: number): Promise<void> {
    this.#nextAttempt = this.#clock.now() + wait;
    const wake = new ChildAbort(this.#closing.signal);
    this.#wake = wake;
    try {
      await this.#clock.sleep(Math.min(wait, this.#info.left, maxSleep), wake.signal);
    } catch {
      // Woken to renew now, or to end: the loop sees which.
    } finally {
      wake.release();
      this.#nextAttempt = undefined;
    }
  }

  // Before the first order, so that a CAA record can name all accounts; but a CA that gives none today does not keep
  // other CAs from issuing.
  async #makeAccounts(): Promise<void> {
    if (this.#accountsMade) return;
    this.#accountsMade = await this.#issuing.makeAccounts(this.#closing.signal);
    this.#waiters.check();
  }

  async #askRenewalInfo(held: CurrentCertificate): Promise<void> {
    const authority = this.#issuing.authority(held.from);
    const renewal = await this.#info.ask(held, authority, this.#closing.signal);
    if (renewal === undefined) return;
    const noted = { ...held, renewal };
    this.#holding.note(noted);
    await this.#keeping.note(noted);
  }

  async #attempt(): Promise<void> {
    this.#working = true;
    try {
      await this.#obtain();
      this.#wanted = false;
      this.#backoff.succeeded();
      this.#settle((forced) => forced.resolve());
    } catch (error) {
      // While closing nothing is a failure; `close` rejects those who wait.
      if (this.#closing.signal.aborted) return;
      this.#failed(error);
      this.#settle((forced) => forced.reject(asPodtrustError(error)));
    } finally {
      this.#working = false;
      this.#waiters.check();
    }
  }

  // Includes callers that asked while the attempt was under way: it is what they asked for.
  #settle(end: (forced: PromiseWithResolvers<void>) => void): void {
    const forced = this.#forced;
    this.#forced = undefined;
    if (forced !== undefined) end(forced);
  }

  /** The lock of these names; waiting for it too long is a failure: whoever keeps it keeps the certificate from being renewed. */
  async #lock(): Promise<StoreLock> {
    const reason = (): Error =>
      new PodtrustError(
        "deadline-exceeded",
        "another process has kept the lock on this certificate for an hour",
      );
    const limit = new TimeLimit(this.#clock, { ms: maxLockWait, signal: this.#closing.signal, reason });
    try {
      return await this.#store.lock(`certificate ${this.#names.join(" ")}`, limit.signal);
    } finally {
      await limit.end();
    }
  }

  async #obtain(): Promise<void> {
    const lock = await this.#lock();
    const either = new ChildAbort(this.#closing.signal, lock.lost);
    try {
      if (!this.#wanted && ((await this.#takeFromStore()) || !this.#isDue())) return;
      const { held } = this.#holding;
      const replaced = held && {
        directory: held.from,
        certificate: held.certificate,
        notAfter: held.notAfter,
      };
      const { issued, issuer } = await this.#issuing.obtain(this.#names, replaced, either.signal);
      const fresh = heldOf(issued, issuer.directory);
      this.#accept(fresh);
      this.#renewals += 1;
      if (!(await this.#keeping.save(fresh, lock))) {
        this.#logger.warn("another process took over while this one stood still; what it keeps counts");
        await this.#takeFromStore();
      }
    } finally {
      either.release();
      await lock.release();
    }
  }

  /** Whether a certificate is needed at all: while the lock was waited for, another process may have brought one. */
  #isDue(): boolean {
    const decision = this.#decision();
    return decision === undefined || this.#fault !== undefined || decision.at <= this.#clock.now();
  }

  /**
   * What another process obtained is used here too, at once: all that share a store serve the same. What the store has lost
   * is kept there again: a process that starts would order another.
   */
  async #othersSaved(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const stored = await this.#keeping.newest();
    const { held } = this.#holding;
    if (this.#closing.signal.aborted) return;
    const isGood = held !== undefined && this.#fault === undefined;
    if (isGood && (stored === undefined || stored.notBefore < held.notBefore)) {
      await this.#keeping.saveAgain(held);
    } else if (stored !== undefined && !(isGood && stored.notBefore === held.notBefore)) {
      if (await this.#takeFromStore()) this.#wake.abort();
    }
  }

  /** Whether another process has renewed in the meantime: then its certificate is used here too. */
  async #takeFromStore(): Promise<boolean> {
    const now = this.#clock.now();
    const stored = await this.#keeping.newest();
    if (stored === undefined || stored.certificate === this.#holding.held?.certificate) return false;
    if (decideRenewal({ now, ...stored }).at <= now) return false;
    if (this.#keeping.faultOf(stored) !== undefined) return false;
    this.#logger.info("another process has obtained a certificate", { from: stored.from });
    this.#accept(stored);
    return true;
  }

  #accept(held: CurrentCertificate): void {
    const { notBefore, notAfter, from } = held;
    const now = this.#clock.now();
    this.#youngUntil = this.#clock.elapsed() + Math.min(minAge, (notAfter - notBefore) / 4);
    this.#fault = undefined;
    this.#holding.swap(held);
    this.#logger.info("certificate in use", { from, notAfter: isoTime(notAfter) });
    if (notBefore > now) {
      this.#logger.warn("the certificate begins in the future: this machine's clock is behind", {
        notBefore: isoTime(notBefore),
      });
    }
  }

  #failed(error: unknown): void {
    const { held } = this.#holding;
    const reason = this.#decision()?.reason;
    const urgent = reason === "expired" || reason === "emergency" || this.#fault !== undefined;
    this.#backoff.failed(error, { urgent, blockedFor: this.#issuing.blockedFor });
    this.#logger.error("no new certificate this time", {
      error: errorText(error),
      failures: this.#backoff.failures,
      nextAttempt: isoTime(this.#clock.now() + this.#backoff.left),
      serving: held === undefined ? "nothing" : `until ${isoTime(held.notAfter)}`,
    });
  }
}

/**
 * Loads what the store has and serves that, also when it has expired; obtains and renews in the background until
 * closed. No later failure removes the served certificate.
 *
 * Throws TypeError without issuers, `acme-name-refused` and `acme-directory-invalid` for options that could
 * never work. `open` is for tests of the manager alone.
 */
export async function startCertificateManager(
  options: CertificateManagerOptions,
  open: OpenAuthority = acmeAuthority,
): Promise<CertificateManager> {
  if (options.issuers.length === 0) throw new TypeError("at least one issuer is needed");
  const manager = new Manager(options, open);
  await manager.start();
  return manager;
}
