import { rootsOf } from "../acme/chain/index.ts";
import { asPodtrustError, type Clock, defined, errorText, type Logger } from "../../core/base/index.ts";
import { type CurrentCertificate, heldOf, pairFault } from "./holding.ts";
import type { CertificateIssuer, CertificateStatus } from "./contract.ts";
import type {
  CertificateAddress,
  CertificateStore,
  SaveConditions,
  StoredCertificate,
  StoreLock,
} from "./store.ts";

/** The options of Keeping. */
export interface KeepingOptions {
  readonly store: CertificateStore;
  readonly issuers: readonly CertificateIssuer[];
  readonly names: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The store, as the manager of one set of names sees it: nothing that goes wrong there stops the serving. */
export class Keeping {
  readonly #options: KeepingOptions;
  #lastError: CertificateStatus["lastError"];
  #isEmpty = false;

  constructor(options: KeepingOptions) {
    this.#options = options;
  }

  /** Why what is served could not be kept; undefined when it is kept. */
  get lastError(): CertificateStatus["lastError"] {
    return this.#lastError;
  }

  /** Whether the last reading of the store was complete and found none. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** The certificate of the store that lasts longest among those that may be served, of any issuer. */
  async newest(): Promise<CurrentCertificate | undefined> {
    const found = await this.#all();
    return found.find((held) => this.faultOf(held) === undefined) ?? found[0];
  }

  /** Why a certificate should not be served now, in a sentence; undefined when it may. */
  faultOf(held: CurrentCertificate): string | undefined {
    const { issuers, names, clock } = this.#options;
    const { ca = [] } = issuers.find(({ directory }) => directory === held.from) ?? {};
    return pairFault(held, { names, now: clock.now(), roots: rootsOf(ca), before: held });
  }

  /** Those that can be read, the one that lasts longest first. */
  async #all(): Promise<readonly CurrentCertificate[]> {
    const { store, issuers, logger } = this.#options;
    const found: CurrentCertificate[] = [];
    let unread = 0;
    for (const { directory } of issuers) {
      try {
        const stored = await store.load(this.#address(directory));
        if (stored !== undefined) found.push(heldOf(stored, directory));
      } catch (error) {
        unread += 1;
        logger.error("a stored certificate is unusable", { ca: directory, error: errorText(error) });
      }
    }
    this.#isEmpty = found.length === 0 && unread === 0;
    return found.sort((a, b) => b.notAfter - a.notAfter);
  }

  /**
   * Keeps what is served; a failure is noted, for another try. False where another process has taken over the lock
   * under which it was obtained: then that one's certificate counts.
   */
  async save(held: CurrentCertificate, lock: StoreLock): Promise<boolean> {
    return this.#save(held, { lock });
  }

  /** Tries again to keep what could not be kept, unless the store has one that lasts longer by now. */
  async saveAgain(held: CurrentCertificate): Promise<void> {
    const ends = (stored: StoredCertificate): number => heldOf(stored, held.from).notAfter;
    await this.#save(held, { replaces: (stored) => stored === undefined || ends(stored) <= held.notAfter });
  }

  /** Keeps the CA's renewal information, if this certificate is the stored one. */
  async note(held: CurrentCertificate): Promise<void> {
    // What is not kept yet is kept with it, once it can be.
    if (this.#lastError !== undefined) return;
    await this.#save(held, { replaces: (stored) => stored?.certificate === held.certificate });
  }

  async #save(held: CurrentCertificate, conditions: SaveConditions): Promise<boolean> {
    const { certificate, key, renewal, from } = held;
    const { store, clock, logger } = this.#options;
    try {
      const value = { certificate, key, ...defined({ renewal }) };
      await store.save(this.#address(from), value, conditions);
      this.#lastError = undefined;
    } catch (error) {
      const { code, message, next } = asPodtrustError(error);
      if (code === "certificate-lock-lost") return false;
      this.#lastError = { code, message, next, at: clock.now() };
      logger.error("the certificate is in use and could not be kept", { error: message, next });
    }
    return true;
  }

  #address(directory: string): CertificateAddress {
    const { issuers, names } = this.#options;
    const issuer = issuers.find((one) => one.directory === directory);
    return { directory, account: issuer?.email ?? "", names };
  }
}
