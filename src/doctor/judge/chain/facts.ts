import type { Link } from "../../../core/base/index.ts";
import type { Outcome, Reason } from "../../../core/reasons/index.ts";
import type { DoctorFacts } from "../../facts.ts";

/*
 * All that was seen of a stack, as plain data: what is here can be written as JSON and read again. It holds no token, no key
 * and no value of a variable but those that are named below. Times are milliseconds since the epoch.
 */

/** What a look gave, or why it gave nothing, in a sentence that names the right that is missing. */
export type Look<T> = { readonly seen: T } | { readonly unseen: string };

/** What a look gave; undefined where it gave nothing. */
export function lookedAt<T>(look: Look<T> | undefined): T | undefined {
  return look !== undefined && "seen" in look ? look.seen : undefined;
}

/** What `podtrust status` found of a link. */
export interface StatusFinding {
  readonly link: Link;
  readonly reason: Reason;
  readonly outcome: Outcome;
  readonly seen: string;
  readonly next?: string;
}

/** The claims of a token that a judge needs, without its signature. */
export interface TokenLook {
  readonly iss: string;
  readonly audiences: readonly string[];
  readonly kid?: string;
  readonly alg?: string;
  /** Seconds since the epoch. */
  readonly exp?: number;
  /** NAMESPACE/NAME of the Secret that keeps it, for a legacy token. */
  readonly secret?: string;
  /** What TokenReview says; absent where it could not be asked. */
  readonly accepted?: boolean;
}

/** What an API server will be started with, as its machine says it over SSH. */
export interface ApiServerLook {
  readonly name: string;
  /** Flags of keys, issuers and audiences: name without hyphens, value, in their order. */
  readonly flags: readonly (readonly [string, string])[];
  /** Where its container sees folders of the host; absent where that does not show. */
  readonly mounts?: readonly string[];
}

/** What the cluster signs, verifies and publishes. */
export interface ClusterLook {
  /** A token minted without an audience, as every pod has one. */
  readonly fresh: Look<TokenLook>;
  /** The kids in the API server's own JWKS. */
  readonly kids: Look<readonly string[]>;
  readonly apiServers: Look<readonly ApiServerLook[]>;
  /** The issuer that its distribution has by itself. */
  readonly standardIssuer?: string;
}

/** A certificate of the issuer's servers. */
export interface ChainCertificate {
  readonly subject: string;
  /** 40 hex digits: what IAM calls a thumbprint. */
  readonly sha1: string;
  readonly notAfter: number;
}

/** What the issuer serves. */
export interface PublishedLook {
  /** The kids of the keys that AWS gets. */
  readonly kids: readonly string[];
  /** A CA of the caller's vouches for the chain, and no public root: AWS goes by thumbprints. */
  readonly isPrivate: boolean;
  /** The chains of several handshakes. */
  readonly chains: readonly (readonly ChainCertificate[])[];
}

/** An OIDC provider of an account. */
export interface ProviderLook {
  readonly arn: string;
  /** Without the scheme. */
  readonly url: string;
  readonly clientIds: readonly string[];
  readonly thumbprints: readonly string[];
}

/** A policy of IAM, JSON text. */
export interface PolicyLook {
  readonly name: string;
  readonly text: string;
}

/** A role's permissions boundary, and the policies that grant it something. */
export interface LimitsLook {
  readonly boundary: PolicyLook;
  readonly policies: readonly PolicyLook[];
}

/** A role of the config as IAM has it. */
export interface RoleLook {
  readonly name: string;
  /** That of the config. */
  readonly arn: string;
  readonly serviceAccounts: readonly string[];
  /** RoleSessionName, as the config has it. */
  readonly sessionName: string;
  /** The config lets in subjects by pattern. */
  readonly hasPatterns: boolean;
  /** Absent: it has no boundary, or there is no role. */
  readonly limits?: Look<LimitsLook>;
  /** Absent: there is none. */
  readonly state?: {
    readonly arn: string;
    /** JSON text. */
    readonly trustPolicy: string;
    readonly created: number;
    /** Seconds. */
    readonly maxSession: number;
    readonly boundary?: string;
  };
}

/** One AWS account of the config. */
export interface AccountLook {
  readonly account: string;
  readonly partition: string;
  readonly region: string;
  readonly audiences: readonly string[];
  /** The ARN that the provider of the issuer has. */
  readonly providerArn: string;
  /** `null`: there is none. */
  readonly provider: Look<ProviderLook | null>;
  /** All others of the account; looked for where ours is not there. */
  readonly others: readonly ProviderLook[];
  readonly roles: Look<readonly RoleLook[]>;
}

/** A projected token that a container sees. */
export interface TokenFileLook {
  readonly path: string;
  readonly audience: string;
  readonly seconds: number;
  /** Of the volume: defaultMode, decimal. */
  readonly mode: number;
}

/** A container of a pod. */
export interface ContainerLook {
  readonly name: string;
  /** Names of its variables that are of AWS or of proxies. */
  readonly names: readonly string[];
  /** Values of those that are no secret (`openVariables`). */
  readonly values: Readonly<Record<string, string>>;
  readonly tokenFiles: readonly TokenFileLook[];
  readonly runAsUser?: number;
  readonly restarts: number;
  /** Why it waits: `CrashLoopBackOff`. */
  readonly waiting?: string;
  readonly startedAt?: number;
}

/** An Event about a pod. */
export interface EventLook {
  readonly reason: string;
  readonly message: string;
}

/** A pod. */
export interface PodLook {
  /** NAMESPACE/NAME */
  readonly name: string;
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Those of eks.amazonaws.com. */
  readonly annotations: Readonly<Record<string, string>>;
  /** `Deployment web`, as far as owners lead. */
  readonly owner?: string;
  readonly dnsPolicy?: string;
  readonly fsGroup?: number;
  readonly hostNetwork: boolean;
  readonly containers: readonly ContainerLook[];
  readonly events: readonly EventLook[];
  /** What of its role it lacks, as the end of a sentence that begins with the pod. */
  readonly lacks?: string;
}

/** What became of a pod that was made for trial, and not kept. */
export interface TrialLook {
  /** It got token and variables. */
  readonly injected: boolean;
  /** Why the API server refused it. */
  readonly refused?: string;
  /** Milliseconds. */
  readonly took: number;
  /** Fields that it was sent with and came back without. */
  readonly dropped: readonly string[];
}

/** A rule of a NetworkPolicy about traffic out of pods. */
export interface EgressRule {
  /** Empty: to anywhere. */
  readonly cidrs: readonly { readonly cidr: string; readonly except: readonly string[] }[];
  /** Leads to pods only: no address outside. */
  readonly podsOnly: boolean;
  /** Empty: all ports. Of TCP alone. */
  readonly ports: readonly { readonly from: number; readonly to: number }[];
  /** Lets to port 53, by UDP or TCP, of anything; absent in a bundle that was written before this was looked at. */
  readonly dns?: boolean;
}

/** A NetworkPolicy that selects pods for Egress. */
export interface EgressPolicy {
  readonly name: string;
  readonly selector: Selector;
  readonly rules: readonly EgressRule[];
}

/** A label selector of Kubernetes. */
export interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** A ServiceAccount that is there. */
export interface ObservedServiceAccount {
  readonly createdAt: number;
  /** Those of eks.amazonaws.com and podtrust.dev. */
  readonly annotations: Readonly<Record<string, string>>;
  /** When the role's annotation was written last, by managedFields. */
  readonly annotatedAt?: number;
}

/** A ServiceAccount, and the pods that run as it. */
export interface WorkloadLook {
  /** NAMESPACE/NAME */
  readonly serviceAccount: string;
  /** The ARN of the role that the config means for it. */
  readonly roleArn?: string;
  readonly sessionSeconds: number;
  /** Undefined: there is none. */
  readonly account: Look<ObservedServiceAccount | undefined>;
  readonly namespaceLabels: Readonly<Record<string, string>>;
  readonly pods: Look<readonly PodLook[]>;
  readonly trial: Look<TrialLook>;
  readonly egress: Look<readonly EgressPolicy[]>;
  /** What STS answered to a token minted now. */
  readonly exchange?:
    | { readonly kind: "accepted" }
    | { readonly kind: "refused"; readonly code: string; readonly message: string }
    | { readonly kind: "failed"; readonly code: string; readonly message: string };
  /** What STS should answer by the rules; absent where something that it looks at was not seen. */
  readonly decided?: "accepted" | { readonly rule: string; readonly why: string };
}

/** The certificate that a webhook serves, and whether the API server would take it. */
export interface ServingLook {
  /** Verified by caBundle, for the Service's name. */
  readonly verified: boolean;
  /** Why it was not: a word of OpenSSL or Node. */
  readonly problem?: string;
  /** Why there was no certificate at all. */
  readonly noHandshake?: string;
  readonly names: readonly string[];
  /** `sha1WithRSAEncryption`. */
  readonly signature?: string;
}

/** A webhook that is asked about pods that are made. */
export interface WebhookLook {
  /** Of its configuration. */
  readonly configuration: string;
  readonly name: string;
  readonly failurePolicy: "Ignore" | "Fail";
  readonly timeoutSeconds: number;
  readonly reviewVersions: readonly string[];
  readonly namespaceSelector: Selector;
  readonly objectSelector: Selector;
  /** NAMESPACE/NAME of its Service; absent where a URL leads to it. */
  readonly service?: string;
  /** Ready addresses of that Service. */
  readonly ready: Look<number>;
  readonly serving: Look<ServingLook>;
}

/** A request for a certificate that is not signed yet. */
export interface PendingCertificate {
  readonly name: string;
  /** `system:serviceaccount:NAMESPACE:NAME` */
  readonly username: string;
  readonly signer: string;
}

/** A given error message, or lines of a container's log that concern the chain. */
export interface TextLook {
  /** `--error`, or `log of pod NAMESPACE/NAME, container NAME`. */
  readonly from: string;
  /** The pod that it is of. */
  readonly pod?: string;
  readonly lines: readonly string[];
}

/** All that was seen of a stack. */
export interface ChainFacts {
  readonly stack: string;
  readonly issuer: string;
  readonly formerIssuers: readonly string[];
  readonly now: number;
  /** Milliseconds by which the program that looked was held up itself; absent if it was not measured. */
  readonly lateMs?: number;
  readonly status: readonly StatusFinding[];
  /** The issuer as its URL shows it; absent in what was recorded without it. */
  readonly outside?: DoctorFacts;
  /** Whether relying parties outside the stack's own network read the issuer; absent: they do. */
  readonly isPublic?: boolean;
  readonly cluster?: ClusterLook;
  readonly published?: PublishedLook;
  /** Why the publisher's certificate could not be had, in its CA's words; absent where it was, or was not asked. */
  readonly certificateRefused?: string;
  readonly accounts: readonly AccountLook[];
  readonly workloads: readonly WorkloadLook[];
  readonly webhooks: Look<readonly WebhookLook[]>;
  readonly pendingCertificates: Look<readonly PendingCertificate[]>;
  /** Addresses of STS in the region of the first account, as this machine resolves it. */
  readonly stsAddresses: readonly string[];
  readonly texts: readonly TextLook[];
  /** The token that was given. */
  readonly token?: TokenLook;
}
