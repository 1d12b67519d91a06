import type { Clock, Logger } from "../base/index.ts";
import type { ConnectTo } from "../http/index.ts";
import type { AcmeAccount } from "./account.ts";
import type { AccountKey } from "./account-key.ts";
import type { Directory, ExternalAccount, RenewalInfo } from "./resources.ts";

export interface AcmeClientOptions {
  /** The CA's directory URL: https, or http on loopback. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger?: Logger;
  /** PEM of what vouches for the CA's own HTTPS, in place of the public roots. */
  readonly ca?: string | readonly string[];
  readonly connectTo?: readonly ConnectTo[];
  /** Milliseconds for one exchange; 30,000 unless told. */
  readonly timeoutMs?: number;
  /** Milliseconds for the CA to decide an authorization or an order; 300,000 unless told. */
  readonly decisionMs?: number;
}

export interface NewAccount {
  readonly key: AccountKey;
  /** Mail addresses, without `mailto:`. */
  readonly contact?: readonly string[];
  readonly termsOfServiceAgreed: boolean;
  readonly externalAccount?: ExternalAccount;
  /** Only look up the account of this key: `acme-account-unknown` when there is none. */
  readonly onlyReturnExisting?: boolean;
}

/** A CA, spoken to by RFC 8555. */
export interface AcmeClient {
  readonly directoryUrl: string;
  directory(signal?: AbortSignal): Promise<Directory>;
  /** Makes an account, or finds the one that the key has already. */
  newAccount(account: NewAccount, signal?: AbortSignal): Promise<AcmeAccount>;
  /** An account whose URL is known; nothing is sent. */
  account(key: AccountKey, uri: string): AcmeAccount;
  /** When to renew a certificate (PEM, leaf first); undefined when the CA does not say (no ARI). */
  renewalInfo(certificate: string, signal?: AbortSignal): Promise<RenewalInfo | undefined>;
  /** How far the CA's clock is ahead of ours by its last answer, milliseconds; undefined before. */
  clockOffset(): number | undefined;
}
