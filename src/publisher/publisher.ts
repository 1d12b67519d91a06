import type { SecureContext } from "node:tls";
import type { Clock, Logger } from "../core/base/index.ts";
import type { RefusedTokens } from "../rules/oidc/index.ts";
import type { KubernetesApi } from "../providers/kubernetes/index.ts";
import type { ServedCertificate } from "../providers/tls/index.ts";
import type { DocumentStore } from "./source/store.ts";
import type { ServingLimits } from "./serving/limits.ts";
import type { CertificateAccount, IssuerStatus } from "./status.ts";
import type { DocumentTarget } from "./bucket/target.ts";
import type { UploadTarget } from "./uploads/target.ts";

/** Where to listen: an address and a port (0: any free one), or a socket that is open already (systemd). */
export type ListenAddress = { readonly host: string; readonly port: number } | { readonly fd: number };

/** What gives an issuer its certificate, and a new one in time. */
export interface CertificateProvider {
  /** The certificate to serve now, also an expired one; undefined before the first. */
  current(): ServedCertificate | undefined;
  /** Calls back whenever `current` has changed; gives the function that ends that. */
  onChange(listener: () => void): () => void;
  /** How it stands with getting the next one, where that is known. */
  status?(): CertificateProgress;
}

/** How it stands with getting a certificate. Times in milliseconds since the epoch. */
export interface CertificateProgress {
  /** Certificates had since the start. */
  readonly renewals: number;
  /** Failures in a row. */
  readonly attempts: number;
  /** What the CA said last, or the disk. */
  readonly lastError?: { readonly message: string; readonly next: string; readonly at: number };
  readonly nextAttempt?: number;
  /** There never was one, here or where replicas share them: a CA has to be let in, to see that the names are ours. */
  readonly first?: true;
  /** With which CAs there are accounts; absent where no CA is asked. */
  readonly accounts?: readonly CertificateAccount[];
}

/** What is known at once, or is being looked up. */
export type Lookup<T> = T | undefined | Promise<T | undefined>;

/** What an ACME client needs answered while it proves that a name is ours. What is looked up does not reject. */
export interface ChallengeAnswers {
  /** The key authorization for `/.well-known/acme-challenge/TOKEN` (RFC 8555 §8.3). */
  http01?(token: string): Lookup<string>;
  /** The certificate to show a validator that offers `acme-tls/1` (RFC 8737). */
  tlsAlpn01?(serverName: string): Lookup<SecureContext>;
}

/** The part of a cluster that is published. */
export type PublishedCluster = Pick<KubernetesApi, "server" | "oidcDocuments"> &
  Partial<Pick<KubernetesApi, "sentCredential" | "requestToken">>;

/** One issuer: where its keys come from, and what is published about it. */
export interface IssuerOptions {
  /** The stack that it belongs to: 1 to 63 lower-case letters, digits and hyphens; names its file in the state directory. */
  readonly stack: string;
  /** As in the config, never from a request. */
  readonly issuer: string;
  /** Issuer + `/openid/v1/jwks` by default. */
  readonly jwksUri?: string;
  readonly cluster: PublishedCluster;
  /** Absent only with `insecurePlainHttpBehindProxy`. */
  readonly certificates?: CertificateProvider;
  /** Of jwksUri's host, where that has a certificate of its own. */
  readonly jwksCertificates?: CertificateProvider;
  /** Where the documents are published in place of our own listeners. */
  readonly target?: DocumentTarget;
  /** Nobody is served its documents: its keys are uploaded alone. */
  readonly unserved?: true;
  /** The places at relying parties that are given the keys; none by default. */
  readonly uploads?: readonly UploadTarget[];
  /** Milliseconds for which a key that vanished from the cluster stays published; 24 h by default. */
  readonly keyRetention?: number;
  /** Milliseconds for which a relying party may go on with a JWK Set beyond Cache-Control; an hour by default. */
  readonly relyingPartyCache?: number;
  /** Milliseconds between two looks at the cluster; 10,000 by default. */
  readonly pollInterval?: number;
  /** The value of Cache-Control on both documents; `public, max-age=60` by default. */
  readonly cacheControl?: string;
  /** Where its last good documents are kept, in place of the publisher's own state directory. */
  readonly stateDir?: string;
  /** Where they are kept in place of that directory, with other replicas. */
  readonly shared?: DocumentStore;
  /** Where distrusts are kept beside that directory, so that they outlive this machine. */
  readonly distrusts?: DocumentStore;
  /**
   * Issuers that the cluster's tokens may name in place of this one, while its issuer is changed: its keys are published all
   * the same. None by default.
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
   * Plain HTTP/1.1 for a proxy that speaks TLS to the world. Who can reach these addresses past the proxy
   * can be fooled by whoever sits between: no relying party may ever be pointed at them.
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
  /** Made with mode 0700 where absent. */
  readonly stateDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly challenges?: ChallengeAnswers;
  readonly limits?: Partial<ServingLimits>;
  /** Publish what clusters show also where what was distrusted before cannot be read; false by default. */
  readonly acceptKeys?: boolean;
  /** Of the stacks that are backed up; none by default. */
  readonly backups?: () => readonly BackupStatus[];
}

/** The backups of a stack. Times in milliseconds since the epoch. */
export interface BackupStatus {
  readonly stack: string;
  /** When the newest was written; absent where none can be seen. */
  readonly writtenAt?: number;
  /** When the next is to be written; in the past while none can be. */
  readonly dueAt: number;
  /** Why there is none of what is kept now, in a sentence. */
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
  /** Everything that a relying party needs is held: validated documents and unexpired certificates. */
  readonly ready: boolean;
  /** Why not, in sentences; empty when ready. */
  readonly unready: readonly string[];
  /** What is served is good, and something has to be done before it is not, in sentences. */
  readonly degraded: readonly string[];
  readonly issuers: readonly IssuerStatus[];
  readonly backups: readonly BackupStatus[];
}

/** What became of a `distrust`. */
export interface DistrustOutcome {
  readonly stack: string;
  readonly kid: string;
  /** False when the key was distrusted before. */
  readonly changed: boolean;
  /** False when a place where it is kept refused: it holds until the next restart only. */
  readonly persisted: boolean;
  /** The place beyond this machine where it is kept; absent: the config alone can keep it there (`distrusted`). */
  readonly outlivesIn?: string;
  /** All key IDs of the stack that are distrusted now. */
  readonly distrusted: readonly string[];
  /** False when the key still stands in public elsewhere: it goes as soon as that place can be written to. */
  readonly published: boolean;
  /** Milliseconds since the epoch from which no cache that keeps to Cache-Control holds the key. */
  readonly cachedUntil: number;
  /** The same with what AWS is taken to keep beyond that. */
  readonly forgottenAt: number;
  /** Which tokens relying parties refuse by it, and until when; a publisher of an earlier version says nothing. */
  readonly refuses?: RefusedTokens;
}

/** What became of a `restore`. */
export interface RestoreOutcome {
  readonly stack: string;
  readonly kid: string;
  /** False when the key was not distrusted. */
  readonly changed: boolean;
  /** False when the disk refused: it holds until the next restart only. */
  readonly persisted: boolean;
  /**
   * Whether the key is public again. False where the cluster dropped it longer ago than keys are kept, where the
   * bucket could not be written to, and where another publisher or stack distrusts it in the bucket.
   */
  readonly published: boolean;
  /** Whether the cluster's last good answer shows it. */
  readonly shown: boolean;
}

export interface DistrustOptions {
  /** The stack, where several hold the kid. */
  readonly stack?: string;
  /** Also a key that the cluster signs with, or may: AWS then refuses its tokens. */
  readonly force?: boolean;
}

export interface Publisher {
  readonly addresses: PublisherAddresses;
  status(): PublisherStatus;
  /** Resolves at the first moment at which `status().ready` is true. */
  ready(signal?: AbortSignal): Promise<void>;
  /** Looks at every cluster now, and resolves when what was seen is served or refused. */
  refresh(): Promise<void>;
  /**
   * Takes a key, and its kid, out of what is published, at once and until it is restored. Throws
   * `publisher-key-unknown`, `publisher-last-key` and, unless forced, `publisher-key-signs`.
   */
  distrust(kid: string, options?: DistrustOptions): Promise<DistrustOutcome>;
  /** Takes a distrust back. Throws `publisher-key-unknown`. */
  restore(kid: string, options?: Pick<DistrustOptions, "stack">): Promise<RestoreOutcome>;
  /** Changes to other options; listeners and sources that are the same go on. Throws and changes nothing when they are bad. */
  reload(options: PublisherOptions): Promise<void>;
  /** Stops accepting, lets what runs end within `graceMs` (10,000 by default), then cuts. */
  close(graceMs?: number): Promise<void>;
}
