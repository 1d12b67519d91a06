import {
  type AcmeAccount,
  type AcmeClient,
  type ChallengeSolver,
  createAccountKey,
  type IssuedCertificate,
  obtainCertificate,
  openAcme,
  readAccountKey,
  type RenewalInfo,
} from "../acme/index.ts";
import { type Clock, type Logger, PodtrustError } from "../base/index.ts";
import type { AccountUri, CertificateIssuer } from "./manager.ts";
import type { CertificateStore } from "./store.ts";

/** What an authority works with. */
export interface AuthorityTools {
  readonly store: CertificateStore;
  readonly solvers: readonly ChallengeSolver[];
  readonly termsOfServiceAgreed: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What stands when a certificate is asked for. PEM, leaf first. */
export interface HeldBefore {
  /** What is served now, whoever issued it. */
  readonly served?: string;
  /** What is to be replaced, where this CA issued it. */
  readonly replaces?: string;
}

/** A CA in one environment (production or staging), with our account there. */
export interface Authority {
  readonly directory: string;
  /** The account, made when there is none yet. */
  account(signal?: AbortSignal): Promise<AccountUri>;
  obtain(names: readonly string[], held?: HeldBefore, signal?: AbortSignal): Promise<IssuedCertificate>;
  /** Undefined when the CA does no ARI. `certificate`: PEM, leaf first. */
  renewalInfo(certificate: string, signal?: AbortSignal): Promise<RenewalInfo | undefined>;
  clockOffset(): number | undefined;
}

/** Makes the authority of an issuer at one of its directories. */
export type OpenAuthority = (
  issuer: CertificateIssuer,
  directory: string,
  tools: AuthorityTools,
) => Authority;

class AcmeAuthority implements Authority {
  readonly directory: string;
  readonly #issuer: CertificateIssuer;
  readonly #tools: AuthorityTools;
  readonly #client: AcmeClient;
  #account: AcmeAccount | undefined;

  constructor(issuer: CertificateIssuer, directory: string, tools: AuthorityTools) {
    this.directory = directory;
    this.#issuer = issuer;
    this.#tools = tools;
    const { ca, connectTo, timeoutMs } = issuer;
    this.#client = openAcme({
      directory,
      clock: tools.clock,
      logger: tools.logger,
      ...(ca === undefined ? {} : { ca }),
      ...(connectTo === undefined ? {} : { connectTo }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  async account(signal?: AbortSignal): Promise<AccountUri> {
    const { uri } = await this.#signedOn(signal);
    const { caaIdentities } = await this.#client.directory(signal);
    return { directory: this.directory, uri, caaIdentities };
  }

  async obtain(
    names: readonly string[],
    held: HeldBefore = {},
    signal?: AbortSignal,
  ): Promise<IssuedCertificate> {
    try {
      return await this.#order(names, held, signal);
    } catch (error) {
      if (!(error instanceof PodtrustError) || error.code !== "acme-account-unknown") throw error;
      this.#tools.logger.warn("the CA has forgotten our account; making it anew", { ca: this.directory });
      await this.#register(signal);
      return this.#order(names, held, signal);
    }
  }

  renewalInfo(certificate: string, signal?: AbortSignal): Promise<RenewalInfo | undefined> {
    return this.#client.renewalInfo(certificate, signal);
  }

  clockOffset(): number | undefined {
    return this.#client.clockOffset();
  }

  async #order(names: readonly string[], held: HeldBefore, signal: AbortSignal | undefined) {
    const { profile, preferredRoot } = this.#issuer;
    const request = {
      names,
      solvers: this.#tools.solvers,
      ...(profile === undefined ? {} : { profile }),
      ...held,
      ...(preferredRoot === undefined ? {} : { preferredRoot }),
    };
    return obtainCertificate(await this.#signedOn(signal), request, signal);
  }

  get #contact(): string {
    return this.#issuer.email ?? "";
  }

  async #signedOn(signal: AbortSignal | undefined): Promise<AcmeAccount> {
    if (this.#account !== undefined) return this.#account;
    const stored = await this.#tools.store.loadAccount(this.directory, this.#contact);
    if (stored?.uri === undefined) return this.#register(signal);
    this.#account = this.#client.account(readAccountKey(stored.key), stored.uri);
    return this.#account;
  }

  // The key is kept before the CA hears of it: one that is lost in between would leave an account that nobody
  // can use, and CAs count accounts.
  async #register(signal: AbortSignal | undefined): Promise<AcmeAccount> {
    const { store } = this.#tools;
    const lock = await store.lock(`account ${this.directory} ${this.#contact}`, signal);
    try {
      const stored = await store.loadAccount(this.directory, this.#contact);
      const key = stored === undefined ? createAccountKey() : readAccountKey(stored.key);
      if (stored === undefined) await store.saveAccount(this.directory, this.#contact, { key: key.pem });
      const account = await this.#client.newAccount(this.#newAccount(key), signal);
      if (stored?.uri !== account.uri) {
        await store.saveAccount(this.directory, this.#contact, { key: key.pem, uri: account.uri });
      }
      this.#account = account;
      return account;
    } finally {
      await lock.release();
    }
  }

  #newAccount(key: ReturnType<typeof createAccountKey>) {
    const { email, externalAccount } = this.#issuer;
    // Staging environments know no external accounts.
    const bound = externalAccount !== undefined && this.directory === this.#issuer.directory;
    return {
      key,
      contact: email === undefined ? [] : [email],
      termsOfServiceAgreed: this.#tools.termsOfServiceAgreed,
      ...(bound ? { externalAccount } : {}),
    };
  }
}

/** Authorities that speak ACME. */
export const acmeAuthority: OpenAuthority = (issuer, directory, tools) =>
  new AcmeAuthority(issuer, directory, tools);
