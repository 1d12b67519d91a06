import type { SentCredential } from "../providers/kubernetes/index.ts";

/** What a key of an issuer is to the publisher. */
export type KeyState =
  /** In the cluster's own set, and published. */
  | "current"
  /** Gone from the cluster, still published. */
  | "retained"
  /** Taken out by an operator. */
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
  /** How it is known that the cluster signs with it, and when that was so. Absent where it does not, or nobody knows. */
  readonly signs?: { readonly by: "only-key" | "token"; readonly at: number };
  /** From when every cache that keeps to Cache-Control has it. */
  readonly visibleAt: number;
  /** From when AWS has it too. Absent of a key that signs, and of one that another has replaced. */
  readonly maySignFrom?: number;
  /** When the last token of a key that another has replaced is of no use any more. */
  readonly mayDistrustFrom?: number;
  /** When it was first missed in the cluster. */
  readonly absentSince?: number;
  /** When it will no longer be published, if it does not come back. */
  readonly retainedUntil?: number;
  readonly distrustedAt?: number;
}

/** Why the cluster's last answer was not published: a closed set, also the label of a metric. */
export type RefusalReason =
  | "unreachable"
  /** The API server is starting, or overloaded. */
  | "not-ready"
  /** No credential could be had: a token file or an exec plugin failed. */
  | "credentials"
  /** The cluster does not take the credential (401). */
  | "unauthenticated"
  /** The credential has no right to read the documents (403). */
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

/** No answer of the cluster can be had that could be judged: a new signing key would go unseen. */
export interface Blind extends PublicationRefusal {
  /** The first of the failed looks; milliseconds since the epoch. */
  readonly since: number;
}

/** A row of refusals without a success between. */
export interface Failing extends PublicationRefusal {
  readonly since: number;
  readonly count: number;
}

/** The issuer that the cluster's tokens name yet: one of those that the config lists as former ones. */
export interface FormerIssuer {
  readonly issuer: string;
  /** When it was first seen; milliseconds since the epoch. */
  readonly since: number;
}

/** How it stands with what is published elsewhere: documents in a bucket, keys at a relying party that is given them. */
export interface PublicationStatus {
  /** `s3://BUCKET`, or the relying party's name for it. */
  readonly place: string;
  /** Something is to be written that is not yet. */
  readonly pending: boolean;
  /** When what is to be there was last seen to be there. */
  readonly confirmedAt?: number;
  /** When this publisher last wrote. */
  readonly changedAt?: number;
  /** A row of failures without a success between. */
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
  /** What the CA calls itself in CAA records. */
  readonly caaIdentities: readonly string[];
}

/** An issuer's certificate. Times in milliseconds since the epoch. */
export interface IssuerCertificateStatus {
  /** Of the one that expires first; absent before the first. */
  readonly notAfter?: number;
  /** With which CAs there are accounts; absent where no CA is asked. */
  readonly accounts?: readonly CertificateAccount[];
  /** What the CA, or the disk, said last; absent while nothing is wrong. */
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
    /** Where what is served was last confirmed. */
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
  /** Absent where the cluster's tokens name this issuer, by its last good answer. */
  readonly formerIssuer?: FormerIssuer;
  /** What the cluster was last asked with; never the credential itself. */
  readonly credential?: SentCredential;
  readonly keys: readonly KeyStatus[];
  /** Things that work but should be put right, in sentences. */
  readonly warnings: readonly string[];
  /** Absent where TLS is a proxy's. */
  readonly certificate?: IssuerCertificateStatus;
  /** Absent where the documents are served from here. */
  readonly publication?: PublicationStatus;
  /** At the relying parties that are given the keys; absent where none is. */
  readonly uploads?: readonly PublicationStatus[];
  /** Why relying parties do not get all they need, in sentences. */
  readonly unready: readonly string[];
  /** What is served is good, and something has to be done before it is not, in sentences. */
  readonly degraded: readonly string[];
}
