import {
  type AcmeAccount,
  type AcmeClient,
  type ChallengeSolver,
  type IssuedCertificate,
  obtainCertificate,
  openAcme,
  type RenewalInfo,
} from "../acme/index.ts";
import { type Clock, defined, type Logger, PodtrustError } from "../../core/base/index.ts";
import type { AcmeAccounts } from "./accounts.ts";
import type { AccountUri, CertificateIssuer } from "./contract.ts";
import type { AccountStore } from "./store.ts";

/** What an authority works with. */
export interface AuthorityTools {
  readonly store: AccountStore;
  readonly accounts: AcmeAccounts;
  readonly solvers: readonly ChallengeSolver[];
  readonly termsOfServiceAgreed: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The present certificates when a new one is ordered. PEM, leaf first. */
export interface PriorCertificates {
  /** The one that is served now, of any CA. */
  readonly served?: string;
  /** The one to be replaced, where this CA issued it. */
  readonly replaces?: string;
}

/** A CA in one environment (production or staging), with our account there. */
export interface Authority {
  readonly directory: string;
  /** The account, made when there is none yet. */
  account(signal?: AbortSignal): Promise<AccountUri>;
  obtain(
    names: readonly string[],
    held?: PriorCertificates,
    signal?: AbortSignal,
  ): Promise<IssuedCertificate>;
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
      ...defined({ ca, connectTo, timeoutMs }),
    });
  }

  async account(signal?: AbortSignal): Promise<AccountUri> {
    const { uri } = await this.#signedOn(signal);
    const { caaIdentities } = await this.#client.directory(signal);
    return { directory: this.directory, uri, caaIdentities };
  }

  async obtain(
    names: readonly string[],
    held: PriorCertificates = {},
    signal?: AbortSignal,
  ): Promise<IssuedCertificate> {
    const account = await this.#signedOn(signal);
    try {
      return await this.#order(account, { names, held }, signal);
    } catch (error) {
      if (!(error instanceof PodtrustError) || error.code !== "acme-account-unknown") throw error;
      this.#tools.logger.warn("the CA has forgotten our account; making it anew", { ca: this.directory });
      return this.#order(await this.#signedOn(signal, account), { names, held }, signal);
    }
  }

  renewalInfo(certificate: string, signal?: AbortSignal): Promise<RenewalInfo | undefined> {
    return this.#client.renewalInfo(certificate, signal);
  }

  clockOffset(): number | undefined {
    return this.#client.clockOffset();
  }

  #order(
    account: AcmeAccount,
    { names, held }: { readonly names: readonly string[]; readonly held: PriorCertificates },
    signal: AbortSignal | undefined,
  ): Promise<IssuedCertificate> {
    const { profile, preferredRoot } = this.#issuer;
    const request = {
      names,
      solvers: this.#tools.solvers,
      ...defined({ profile }),
      ...held,
      ...defined({ preferredRoot }),
    };
    return obtainCertificate(account, request, signal);
  }

  /** `not`: an account that the CA no longer knows. */
  async #signedOn(signal: AbortSignal | undefined, not?: AcmeAccount): Promise<AcmeAccount> {
    if (this.#account !== undefined && this.#account !== not) return this.#account;
    const { accounts, store, termsOfServiceAgreed } = this.#tools;
    const { email, externalAccount } = this.#issuer;
    // Staging environments have no external accounts.
    const bound = this.directory === this.#issuer.directory ? externalAccount : undefined;
    const spec = { client: this.#client, email, externalAccount: bound, termsOfServiceAgreed, store, not };
    this.#account = await accounts.account(spec, signal);
    return this.#account;
  }
}

/** Authorities that speak ACME. */
export const acmeAuthority: OpenAuthority = (issuer, directory, tools) =>
  new AcmeAuthority(issuer, directory, tools);
