import type { S3Keys } from "./publisher/s3-place.ts";

/** Where a cluster's API is, and how to authenticate there. File names are absolute. */
export type ClusterSource =
  | { readonly kubeconfig: string; readonly context?: string }
  | { readonly inCluster: true }
  | { readonly server: string; readonly tokenFile: string; readonly caFile: string };

/** Where to listen: an address and a port, or a socket that systemd opened, by its FileDescriptorName. */
export type ListenAddress = { readonly host: string; readonly port: number } | { readonly systemd: string };

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
  readonly challenge: "http-01" | "tls-alpn-01";
  /** Asked when the first one keeps failing. */
  readonly fallback?: AcmeAuthority;
}

/** How the documents get out. */
export type ServeConfig =
  | {
      readonly kind: "acme";
      readonly https: readonly ListenAddress[];
      readonly http: readonly ListenAddress[];
      readonly acme: AcmeConfig;
    }
  | {
      readonly kind: "files";
      readonly https: readonly ListenAddress[];
      readonly http: readonly ListenAddress[];
      readonly certificateFile: string;
      readonly keyFile: string;
      /** Of jwksUri's host, where that has a certificate of its own. */
      readonly jwks?: { readonly certificateFile: string; readonly keyFile: string };
    }
  | { readonly kind: "insecure-plain-http"; readonly listen: readonly ListenAddress[] }
  | S3Config;

/** A bucket that the documents are written into. */
export interface S3Config {
  readonly kind: "s3";
  readonly bucket: string;
  readonly region: string;
  /** The keys of the two objects. */
  readonly keys: S3Keys;
  /** The account that the bucket must belong to. */
  readonly account?: string;
  readonly profile?: string;
  readonly assumeRole?: string;
  readonly endpoint?: string;
}

export interface PublisherConfig {
  readonly source: ClusterSource;
  readonly jwksUri: string;
  /** Milliseconds for which a key that vanished from the cluster stays published. */
  readonly keyRetention: number;
  /** Milliseconds between two looks at the cluster. */
  readonly pollInterval: number;
  /** The value of the Cache-Control header. */
  readonly cacheControl: string;
  readonly admin: ListenAddress | false;
  readonly stateDir: string;
  readonly serve: ServeConfig;
}

export interface RoleConfig {
  readonly name: string;
  /** ServiceAccounts that may assume it, as NAMESPACE/NAME. */
  readonly serviceAccounts: readonly string[];
  /** Patterns of ServiceAccounts, as NAMESPACE/NAME with `*` and `?`. */
  readonly subjectPatterns: readonly string[];
  /** ARNs of managed policies. */
  readonly policies: readonly string[];
  /** Inline policies by name, as JSON text. */
  readonly inline: Readonly<Record<string, string>>;
  /** ARN of the permissions boundary. */
  readonly boundary?: string;
  readonly path: string;
  readonly description?: string;
  /** Seconds. */
  readonly maxSession: number;
  /** AWS_ROLE_SESSION_NAME of the workload. */
  readonly sessionName: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface AwsConfig {
  readonly account: string;
  readonly region: string;
  /** AWS_STS_REGIONAL_ENDPOINTS of the workloads; absent: not set. */
  readonly stsRegionalEndpoints?: "regional" | "legacy";
  readonly audiences: readonly string[];
  /** Profile of the AWS config files. */
  readonly profile?: string;
  /** ARN of a role to assume before anything else. */
  readonly assumeRole?: string;
  /** Tags of the OIDC provider and of every role. */
  readonly tags: Readonly<Record<string, string>>;
  readonly roles: readonly RoleConfig[];
}

/** A config file with defaults filled in and names made absolute. Frozen all the way down. */
export interface Config {
  /** The file that it came from. */
  readonly file: string;
  readonly stack: string;
  readonly issuer: string;
  readonly cluster?: ClusterSource;
  readonly publisher?: PublisherConfig;
  readonly aws: readonly AwsConfig[];
  /** What is legal but deserves a second look, in sentences. */
  readonly warnings: readonly string[];
}
