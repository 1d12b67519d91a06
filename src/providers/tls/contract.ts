import type { ChallengeSolver, ExternalAccount } from "../acme/index.ts";
import type { Clock, Logger } from "../../core/base/index.ts";
import type { ConnectTo } from "../../core/http/index.ts";
import type { AcmeAccounts } from "./accounts.ts";
import type { RenewalReason } from "./renewal.ts";
import type { CertificateStore } from "./store.ts";

/** A certificate that is served. `notAfter` in milliseconds since the epoch. */
export interface ServedCertificate {
  /** PEM chain, leaf first. */
  readonly certificate: string;
  /** PEM: a secret. */
  readonly key: string;
  readonly notAfter: number;
}

/** Gives the present certificate and reports changes. */
export interface CertificateSource {
  /** What to serve now, also when it has expired; undefined before the first. */
  current(): ServedCertificate | undefined;
  /** Calls back after `current` has changed; gives the function that ends that. */
  onChange(listener: () => void): () => void;
  /** For status and metrics. */
  status(): CertificateStatus;
  /** Stops all work; what `current` gives stays. */
  close(): Promise<void>;
}

/** A CA and how it is used. */
export interface CertificateIssuer {
  /** The directory URL (`letsEncrypt.production` of src/providers/acme is one). */
  readonly directory: string;
  /** Where attempts after a failure go first; known for Let's Encrypt, none for others by default. */
  readonly staging?: string | false;
  /** A mail address for the CA; identifies the account in the store. */
  readonly email?: string;
  readonly profile?: string;
  readonly externalAccount?: ExternalAccount;
  /** PEM roots for the CA's own HTTPS (and its staging's), in place of the public roots. */
  readonly ca?: string | readonly string[];
  readonly connectTo?: readonly ConnectTo[];
  readonly preferredRoot?: string;
  /** Milliseconds for one exchange with the CA; 30,000 by default. */
  readonly timeoutMs?: number;
  /** Milliseconds for one certificate, after which the next issuer is asked; 900,000 by default. */
  readonly certificateMs?: number;
}

export interface CertificateManagerOptions {
  readonly names: readonly string[];
  /** The first is asked first; the others when it fails. */
  readonly issuers: readonly CertificateIssuer[];
  readonly store: CertificateStore;
  /** Those of the process, where several managers share them; of this manager alone by default. */
  readonly accounts?: AcmeAccounts;
  /** In order of preference. */
  readonly solvers: readonly ChallengeSolver[];
  /** The operator agrees to the terms of every named CA. */
  readonly termsOfServiceAgreed: boolean;
  /**
   * Milliseconds from the start in which no first certificate is ordered: until what routes clients here, a CA among
   * them, knows of us. None by default.
   */
  readonly firstOrderAfter?: number;
  readonly clock: Clock;
  readonly logger?: Logger;
  /** A number from 0 to below 1; node:crypto's by default. */
  readonly random?: () => number;
}

export type CertificateState =
  /** No certificate yet, and none failed yet. */
  | "obtaining"
  /** A certificate is held and not due. */
  | "valid"
  /** A certificate is held and a new one is being obtained. */
  | "renewing"
  /** The last attempt failed; the next one is scheduled. A certificate may still be held. */
  | "failing"
  | "closed";

/** Times in milliseconds since the epoch. */
export interface CertificateStatus {
  readonly state: CertificateState;
  readonly names: readonly string[];
  /** True when a certificate is held that has not expired. */
  readonly ready: boolean;
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** The CA (directory URL), or the file. */
  readonly from?: string;
  /** When the certificate is to be replaced, and why then. */
  readonly nextRenewal?: number;
  readonly renewalReason?: RenewalReason;
  /** When the next attempt or check is made. */
  readonly nextAttempt?: number;
  /** The store was read, and there never was a certificate. */
  readonly first?: true;
  /** Failures in a row. */
  readonly attempts: number;
  /** Certificates obtained since the start. */
  readonly renewals: number;
  readonly lastError?: {
    readonly code: string;
    readonly message: string;
    readonly next: string;
    readonly at: number;
  };
  /** How far the CA's clock is ahead of ours, where it is known. */
  readonly clockOffset?: number;
}

/** An account as a CAA record names it (RFC 8657 §3). */
export interface AccountUri {
  readonly directory: string;
  readonly uri: string;
  /** The CA's names in CAA records. */
  readonly caaIdentities: readonly string[];
}

export interface CertificateManager extends CertificateSource {
  /** The accounts made so far; all of them, staging's and the fallback's too, once `accountsReady` resolves. */
  accounts(): readonly AccountUri[];
  accountsReady(signal?: AbortSignal): Promise<readonly AccountUri[]>;
  /** Resolves at the first moment at which an unexpired certificate is held. */
  ready(signal?: AbortSignal): Promise<void>;
  /**
   * Asks for a new certificate now, whatever dates and schedule say; settles as that attempt does. After a
   * failure it is asked for again by the schedule, until there is one.
   */
  renewNow(): Promise<void>;
}
