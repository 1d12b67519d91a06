import type { SentCredential } from "../providers/kubernetes/index.ts";

/** State of an issuer's key at the publisher. */
export type KeyState =
  /** In the cluster's own set, and published. */
  | "current"
  /** Gone from the cluster, still published. */
  | "retained"
  /** Distrusted by an operator. */
  | "distrusted";

/** A key and its times, in milliseconds since the epoch. */
export interface KeyStatus {
  readonly kid: string;
  readonly alg: string;
  readonly state: KeyState;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** Whether the cluster's last good answer shows it. */
  readonly shown: boolean;
  /** How it is known that the cluster signs with it, and when that was so. Absent if it does not, or if that is unknown. */
  readonly signs?: { readonly by: "only-key" | "token"; readonly at: number };
  /** When every cache that respects Cache-Control has it. */
  readonly visibleAt: number;
  /** When AWS has it too. Absent for a key that signs, and for one that another has replaced. */
  readonly maySignFrom?: number;
  /** When the last token of a replaced key expires. */
  readonly mayDistrustFrom?: number;
  /** When it was first missed in the cluster. */
  readonly absentSince?: number;
  /** When it will no longer be published, unless it comes back. */
  readonly retainedUntil?: number;
  readonly distrustedAt?: number;
}

/** Why the cluster's last answer was not published: a closed set, also the label of a metric. */
export type RefusalReason =
  | "unreachable"
  /** The API server is starting, or overloaded. */
  | "not-ready"
  /** No credential was available: a token file or an exec plugin failed. */
  | "credentials"
  /** The cluster rejects the credential (401). */
  | "unauthenticated"
  /** The credential may not read the documents (403). */
  | "forbidden"
  | "bad-answer"
  | "discovery-invalid"
  | "issuer-mismatch"
  | "jwks-invalid"
  | "jwks-empty"
  | "internal";

export interface PublicationRefusal {
  readonly reason: RefusalReason;
  /** What is wrong with which value. */
  readonly message: string;
  readonly next: string;
}

/** The cluster gives no answer that could be judged: a new signing key would go unnoticed. */
export interface Blind extends PublicationRefusal {
  /** The first of the failed looks; milliseconds since the epoch. */
  readonly since: number;
}

/** Consecutive refusals. */
export interface Failing extends PublicationRefusal {
  readonly since: number;
  readonly count: number;
}

/** The issuer that the cluster's tokens still name: one of the former ones in the config. */
export interface FormerIssuer {
  readonly issuer: string;
  /** When it was first seen; milliseconds since the epoch. */
  readonly since: number;
}

/** State of what is published elsewhere: documents in a bucket, keys uploaded to a relying party. */
export interface PublicationStatus {
  /** `s3://BUCKET`, or the relying party's name for it. */
  readonly place: string;
  /** A write is pending. */
  readonly pending: boolean;
  /** When the place was last seen to be up to date. */
  readonly confirmedAt?: number;
  /** When this publisher last wrote. */
  readonly changedAt?: number;
  /** Consecutive failures. */
  readonly failing?: {
    readonly code: string;
    readonly message: string;
    readonly next: string;
    readonly since: number;
    readonly count: number;
  };
  readonly warnings: readonly string[];
}

/** An account at a CA, as a CAA record names it (RFC 8657 §3). */
export interface CertificateAccount {
  /** URL of the CA's ACME directory. */
  readonly directory: string;
  readonly uri: string;
  /** The CA's own name in CAA records. */
  readonly caaIdentities: readonly string[];
}

/** An issuer's certificate. Times in milliseconds since the epoch. */
export interface IssuerCertificateStatus {
  /** Of the one that expires first; absent before the first. */
  readonly notAfter?: number;
  /** CAs with an account; absent if no CA is used. */
  readonly accounts?: readonly CertificateAccount[];
  /** The last message of the CA, or of the disk; absent while nothing is wrong. */
  readonly failing?: {
    readonly message: string;
    readonly next: string;
    readonly at: number;
    /** Failures in a row. */
    readonly count: number;
    readonly nextAttempt?: number;
  };
}

/** One issuer, as `/status` and `rotate status` show it. Times in milliseconds since the epoch. */
export interface IssuerStatus {
  readonly stack: string;
  readonly issuer: string;
  readonly discoveryUrl: string;
  readonly jwksUri: string;
  readonly cluster: string;
  /** Absent until a first good answer. */
  readonly documents?: {
    /** When what is served was last confirmed. */
    readonly from: "cluster" | "disk" | "replicas";
    /** The last good answer of the cluster. */
    readonly confirmedAt: number;
    readonly changedAt: number;
    /** SHA-256 of the JWK Set, hex. */
    readonly jwksDigest: string;
  };
  readonly failing?: Failing;
  /** Absent while the cluster can be read. */
  readonly blind?: Blind;
  /** Absent if the cluster's tokens name this issuer, by its last good answer. */
  readonly formerIssuer?: FormerIssuer;
  /** The credential that the cluster was last asked with; never its value. */
  readonly credential?: SentCredential;
  readonly keys: readonly KeyStatus[];
  /** How many distrusts are not followed, since only a Secret says them; `warnings` has each. Absent for none. */
  readonly withheldDistrusts?: number;
  /** Things that work but should be fixed, in sentences. */
  readonly warnings: readonly string[];
  /** Absent if a proxy does TLS. */
  readonly certificate?: IssuerCertificateStatus;
  /** Absent if the documents are served from here. */
  readonly publication?: PublicationStatus;
  /** At the relying parties that get the keys by upload; absent if there is none. */
  readonly uploads?: readonly PublicationStatus[];
  /** Why relying parties do not get all they need, in sentences. */
  readonly unready: readonly string[];
  /** Still served correctly, but action is needed before it no longer is, in sentences. */
  readonly degraded: readonly string[];
}
