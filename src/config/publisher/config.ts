import type { ClusterSource } from "../cluster.ts";
import type { ListenSpec } from "../forms/listen.ts";
import type { BackupConfig } from "./backup.ts";
import type { S3Config } from "./s3.ts";

/** External account binding (RFC 8555 §7.3.4): both in files, since the key is a secret. */
export interface EabConfig {
  readonly kidFile: string;
  readonly hmacKeyFile: string;
}

/** One certificate authority that speaks ACME. */
export interface AcmeAuthority {
  /** URL of the ACME directory. */
  readonly directory: string;
  /** PEM of the roots that the directory's own certificate is verified with; absent: the public ones. */
  readonly caFile?: string;
  /** Certificate profile (draft-aaron-acme-profiles) to ask for. */
  readonly profile?: string;
  readonly eab?: EabConfig;
}

export interface AcmeConfig extends AcmeAuthority {
  readonly email?: string;
  readonly challenge: "http-01" | "tls-alpn-01" | "dns-01";
  /** Asked when the first one keeps failing. */
  readonly fallback?: AcmeAuthority;
}

/** A Secret by its name. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** How the documents get out. */
export type ServeConfig =
  | {
      readonly kind: "acme";
      readonly https: readonly ListenSpec[];
      readonly http: readonly ListenSpec[];
      readonly acme: AcmeConfig;
    }
  | {
      readonly kind: "files";
      readonly https: readonly ListenSpec[];
      readonly http: readonly ListenSpec[];
      readonly certificateFile: string;
      readonly keyFile: string;
      /** Of jwksUri's host, where that has a certificate of its own. */
      readonly jwks?: { readonly certificateFile: string; readonly keyFile: string };
    }
  | {
      readonly kind: "secret";
      readonly https: readonly ListenSpec[];
      readonly http: readonly ListenSpec[];
      /** A Secret of type kubernetes.io/tls in the cluster that source names. */
      readonly certificateSecret: SecretName;
    }
  | { readonly kind: "insecure-plain-http"; readonly listen: readonly ListenSpec[] }
  | S3Config;

export interface PublisherConfig {
  readonly source: ClusterSource;
  readonly jwksUri: string;
  /** Milliseconds for which a key that vanished from the cluster stays published. */
  readonly keyRetention: number;
  /** Milliseconds for which a relying party may keep a JWK Set beyond Cache-Control; absent: AWS's. */
  readonly relyingPartyCache?: number;
  /** Milliseconds between two polls of the cluster. */
  readonly pollInterval: number;
  /** The value of the Cache-Control header. */
  readonly cacheControl: string;
  readonly admin: ListenSpec | false;
  /** Where a kubelet's probes are answered; absent: nowhere. */
  readonly probes?: ListenSpec;
  readonly stateDir: string;
  /**
   * Where certificates and documents are kept in place of stateDir, for several replicas: a Secret, and for its lock a
   * Lease of the same name.
   */
  readonly store?: SecretName;
  /** The folder of the keys that prove what replicas wrote into `store`; absent: they have none. */
  readonly storeKeyFolder?: string;
  /** Where distrusts are kept beside stateDir, so that they outlive this machine. */
  readonly distrustSecret?: SecretName;
  /** Issuers that the cluster's tokens may name in place of the config's, while its issuer is changed. */
  readonly formerIssuers: readonly string[];
  /** Key IDs that are never published. */
  readonly distrusted: readonly string[];
  /** Folder of the programs that are sent to a machine; absent: beside podtrust's package. */
  readonly release?: string;
  /** Public halves of the keys whose signature vouches for a backup, `ed25519:` and 32 bytes in base64url. */
  readonly backupSigners: readonly string[];
  /** How it backs itself up; absent: it does not. */
  readonly backup?: BackupConfig;
  readonly serve: ServeConfig;
}
