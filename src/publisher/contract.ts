import type { SecureContext } from "node:tls";
import type { Clock, Logger } from "../core/base/index.ts";
import type { RefusedTokens } from "../rules/oidc/index.ts";
import type { ServedCertificate } from "../providers/tls/index.ts";
import type { PublishedCluster } from "./source/published-cluster.ts";
import type { DocumentStore } from "./source/store.ts";
import type { ServingLimits } from "./serving-limits.ts";
import type { CertificateAccount, IssuerStatus } from "./status.ts";
import type { DocumentTarget } from "./targets/documents.ts";
import type { UploadTarget } from "./targets/uploads.ts";

/** Where to listen: an address and a port (0: any free one), or a socket that is open already (systemd). */
export type ListenAddress = { readonly host: string; readonly port: number } | { readonly fd: number };

/** Gives an issuer its certificate, and renews it in time. */
export interface CertificateProvider {
  /** The certificate to serve now, even an expired one; undefined before the first. */
  current(): ServedCertificate | undefined;
  /** Calls back whenever `current` has changed; returns the function that ends that. */
  onChange(listener: () => void): () => void;
  /** Progress of getting the next one, if known. */
  status?(): CertificateProgress;
}

/** State of getting a certificate. Times in milliseconds since the epoch. */
export interface CertificateProgress {
  /** Certificates obtained since the start. */
  readonly renewals: number;
  /** Failures in a row. */
  readonly attempts: number;
  /** The last message of the CA, or of the disk. */
  readonly lastError?: { readonly message: string; readonly next: string; readonly at: number };
  readonly nextAttempt?: number;
  /** There never was a certificate, here or where replicas share them: the CA has to be let in to validate the names. */
  readonly first?: true;
  /** CAs with an account; absent if no CA is used. */
  readonly accounts?: readonly CertificateAccount[];
}

/** A value known at once, or one being looked up. */
export type Lookup<T> = T | undefined | Promise<T | undefined>;

/** What an ACME client needs answered while it proves control of a name. Lookups do not reject. */
export interface ChallengeAnswers {
  /** The key authorization for `/.well-known/acme-challenge/TOKEN` (RFC 8555 §8.3). */
  http01?(token: string): Lookup<string>;
  /** The certificate to show a validator that offers `acme-tls/1` (RFC 8737). */
  tlsAlpn01?(serverName: string): Lookup<SecureContext>;
}

/** One issuer: where its keys come from, and what is published about it. */
export interface IssuerOptions {
  /** The stack that owns it: 1 to 63 lower-case letters, digits and hyphens; names its file in the state directory. */
  readonly stack: string;
  /** From the config, never from a request. */
  readonly issuer: string;
  /** Issuer + `/openid/v1/jwks` by default. */
  readonly jwksUri?: string;
  readonly cluster: PublishedCluster;
  /** Absent only with `insecurePlainHttpBehindProxy`. */
  readonly certificates?: CertificateProvider;
  /** For jwksUri's host, if that has a certificate of its own. */
  readonly jwksCertificates?: CertificateProvider;
  /** Where the documents are published in place of our own listeners. */
  readonly target?: DocumentTarget;
  /** Its documents are not served: its keys are only uploaded. */
  readonly unserved?: true;
  /** The relying parties that get the keys by upload; none by default. */
  readonly uploads?: readonly UploadTarget[];
  /** Milliseconds for which a key that vanished from the cluster stays published; 24 h by default. */
  readonly keyRetention?: number;
  /** Milliseconds for which a relying party may keep using a JWK Set beyond Cache-Control; an hour by default. */
  readonly relyingPartyCache?: number;
  /** Milliseconds between two looks at the cluster; 10,000 by default. */
  readonly pollInterval?: number;
  /** The value of Cache-Control on both documents; `public, max-age=60` by default. */
  readonly cacheControl?: string;
  /** Where its last good documents are stored, in place of the publisher's own state directory. */
  readonly stateDir?: string;
  /** Where they are stored in place of that directory, shared with other replicas. */
  readonly shared?: DocumentStore;
  /** Where distrusts are stored beside that directory, so that they outlive this machine. */
  readonly distrusts?: DocumentStore;
  /**
   * Issuers that the cluster's tokens may name in place of this one, while its issuer is changed: its keys are still
   * published. None by default.
   */
  readonly formerIssuers?: readonly string[];
  /** Key IDs that are never published; none by default. */
  readonly distrusted?: readonly string[];
}

export interface PublisherListen {
  /** HTTPS, HTTP/1.1 and HTTP/2 on each. */
  readonly https?: readonly ListenAddress[];
  /** Port 80: answers HTTP-01 challenges and nothing else. */
  readonly http?: readonly ListenAddress[];
  /**
   * Plain HTTP/1.1 for a proxy that speaks TLS to the world. Clients that reach these addresses past the proxy can be
   * fooled by a man in the middle: no relying party may ever be pointed at them.
   */
  readonly insecurePlainHttpBehindProxy?: readonly ListenAddress[];
  /** /healthz, /readyz, /status, /metrics. Loopback, port 9890 by default; false for none. */
  readonly admin?: ListenAddress | false;
  /** /livez and /readyz, for a kubelet; none by default. */
  readonly probes?: ListenAddress;
}

export interface PublisherOptions {
  readonly issuers: readonly IssuerOptions[];
  readonly listen: PublisherListen;
  /** Created with mode 0700 if absent. */
  readonly stateDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly challenges?: ChallengeAnswers;
  readonly limits?: Partial<ServingLimits>;
  /** Publish what clusters show even if earlier distrusts cannot be read; false by default. */
  readonly acceptKeys?: boolean;
  /** Of the stacks that are backed up; none by default. */
  readonly backups?: () => readonly BackupStatus[];
}

/** The backups of a stack. Times in milliseconds since the epoch. */
export interface BackupStatus {
  readonly stack: string;
  /** When the newest was written; absent if none can be seen. */
  readonly writtenAt?: number;
  /** When the next is due; in the past while none can be written. */
  readonly dueAt: number;
  /** Why the current state has no backup, in a sentence. */
  readonly trouble?: string;
}

/** An address that is being listened on. */
export interface BoundAddress {
  readonly address: string;
  readonly port: number;
}

export interface PublisherAddresses {
  readonly https: readonly BoundAddress[];
  readonly http: readonly BoundAddress[];
  readonly plain: readonly BoundAddress[];
  readonly admin: BoundAddress | undefined;
  readonly probes: BoundAddress | undefined;
}

export interface PublisherStatus {
  /** Everything that a relying party needs is there: validated documents and unexpired certificates. */
  readonly ready: boolean;
  /** Why not, in sentences; empty when ready. */
  readonly unready: readonly string[];
  /** Still served correctly, but action is needed before it no longer is, in sentences. */
  readonly degraded: readonly string[];
  readonly issuers: readonly IssuerStatus[];
  readonly backups: readonly BackupStatus[];
}

/** Result of a `distrust`. */
export interface DistrustOutcome {
  readonly stack: string;
  readonly kid: string;
  /** False when the key was distrusted before. */
  readonly changed: boolean;
  /** False if a place that stores it refused: it holds only until the next restart. */
  readonly persisted: boolean;
  /** The place beyond this machine that stores it; absent: only the config can keep it there (`distrusted`). */
  readonly outlivesIn?: string;
  /** All key IDs of the stack that are distrusted now. */
  readonly distrusted: readonly string[];
  /** False if the key is still public elsewhere: it is removed as soon as that place can be written to. */
  readonly published: boolean;
  /** Milliseconds since the epoch from which no cache that keeps to Cache-Control holds the key. */
  readonly cachedUntil: number;
  /** The same plus the time that AWS is assumed to cache beyond that. */
  readonly forgottenAt: number;
  /** Which tokens relying parties refuse because of it, and until when; a publisher of an earlier version says nothing. */
  readonly refuses?: RefusedTokens;
}

/** Result of a `restore`. */
export interface RestoreOutcome {
  readonly stack: string;
  readonly kid: string;
  /** False when the key was not distrusted. */
  readonly changed: boolean;
  /** False if the disk refused: it holds only until the next restart. */
  readonly persisted: boolean;
  /**
   * Whether the key is public again. False if the cluster dropped it longer ago than keys are kept, if the bucket could
   * not be written to, or if another publisher or stack distrusts it in the bucket.
   */
  readonly published: boolean;
  /** Whether the cluster's last good answer shows it. */
  readonly shown: boolean;
}

export interface DistrustOptions {
  /** The stack, if several hold the kid. */
  readonly stack?: string;
  /** Even a key that the cluster signs with, or may: AWS then refuses its tokens. */
  readonly force?: boolean;
}

export interface RestoreOptions extends Pick<DistrustOptions, "stack"> {
  /** PEM of the public half that a person hands over: it is published before the cluster shows it. */
  readonly publicKey?: string;
}

export interface Publisher {
  readonly addresses: PublisherAddresses;
  status(): PublisherStatus;
  /** Resolves at the first moment at which `status().ready` is true. */
  ready(signal?: AbortSignal): Promise<void>;
  /** Checks every cluster now, and resolves when the result is served or refused. */
  refresh(): Promise<void>;
  /**
   * Stops publishing a key, and its kid, at once and until it is restored. Throws `publisher-key-unknown`,
   * `publisher-last-key` and, unless forced, `publisher-key-signs`.
   */
  distrust(kid: string, options?: DistrustOptions): Promise<DistrustOutcome>;
  /**
   * Takes a distrust back, or publishes a key that is handed over. Throws `publisher-key-unknown`, and for a key that is handed over
   * `publisher-key-distrusted`, `publisher-key-differs`.
   */
  restore(kid: string, options?: RestoreOptions): Promise<RestoreOutcome>;
  /** Changes to other options; unchanged listeners and sources continue. Throws and changes nothing if they are bad. */
  reload(options: PublisherOptions): Promise<void>;
  /** Stops accepting, lets running requests end within `graceMs` (10,000 by default), then cuts them off. */
  close(graceMs?: number): Promise<void>;
}
