import type { Link, PodtrustError } from "../../core/base/index.ts";
import type { AwsConfig, Config, RoleConfig } from "../../config/index.ts";
import type { IssuerJudgement, IssuerReading } from "../../issuer/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { Finding } from "./finding.ts";
import type { DiscoveryDocument, Jws } from "../../rules/oidc/index.ts";
import type { JwkSet } from "../../rules/keys/index.ts";
import type {
  TokenExchange,
  ResourceDrift,
  OidcProviderFacts,
  PartTarget,
  RoleState,
  ServerSight,
} from "../parts/index.ts";

/** Result of a look, or why there is none. */
export type LookResult<T> =
  | { readonly kind: "seen"; readonly value: T }
  | { readonly kind: "failed"; readonly error: PodtrustError }
  /** Not tried: another link that it needs could not be read. */
  | { readonly kind: "skipped"; readonly needs: Link };

/** What the cluster says of itself. */
export interface ClusterFacts {
  /** Its URL; if it could not be opened, the config's file. */
  readonly server: string;
  /** The user that it sees. */
  readonly username: LookResult<string>;
  /** That other users of this machine may read the credential, and what to do about it. */
  readonly exposure?: { readonly seen: string; readonly next: string };
  /** `Kubernetes v1.36.3`, as far as it says so. */
  readonly version: string;
  readonly documents: LookResult<{ readonly discovery: DiscoveryDocument; readonly jwks: JwkSet }>;
}

/** What one name of the issuer resolves to. */
export interface IssuerNameFacts {
  readonly host: string;
  /** The target of --connect-to, in place of DNS. */
  readonly instead?: { readonly host: string; readonly port: number };
  readonly addresses: LookResult<readonly string[]>;
}

/** What the issuer serves. */
export interface IssuerFacts {
  readonly reading: IssuerReading;
  readonly names: readonly IssuerNameFacts[];
  /** PEM of the CA that verified it in place of the public roots. */
  readonly ca?: string;
}

/** What a running publisher of this issuer says of itself. */
export interface PublisherFacts {
  /** Why it keeps using its last state of the cluster. `since` in milliseconds since the epoch. */
  readonly blind?: { readonly since: number; readonly message: string; readonly next: string };
  /** The kids of distrusted keys. */
  readonly distrusted: readonly string[];
  /** Why its certificate could not be obtained or renewed. */
  readonly certificate?: { readonly message: string; readonly next: string };
}

/** A role of the config, as read. */
export interface RoleReading {
  readonly role: RoleConfig;
  readonly look: LookResult<ResourceDrift<RoleState>>;
}

/** One AWS account of the config. */
export interface AccountFacts {
  readonly account: AwsConfig;
  readonly place: LookResult<PartTarget>;
  readonly provider: LookResult<ResourceDrift<OidcProviderFacts>>;
  /** The other OIDC providers of the account, listed if ours does not exist. */
  readonly others?: readonly OidcProviderFacts[];
  readonly roles: readonly RoleReading[];
}

/** A ServiceAccount that a role of the config names, and the answers of cluster and STS about it. */
export interface WorkloadFacts {
  readonly account: AwsConfig;
  readonly role: RoleConfig;
  /** NAMESPACE/NAME */
  readonly serviceAccount: string;
  /** Absent: it does not exist. */
  readonly object: LookResult<KubernetesObject | undefined>;
  /** Whether its namespace exists; asked only if the ServiceAccount does not. */
  readonly namespace?: LookResult<boolean>;
  readonly pods: LookResult<readonly KubernetesObject[]>;
  /** For the first ServiceAccount of each role. Never part of a report. */
  readonly token?: LookResult<Jws>;
  readonly exchange?: LookResult<TokenExchange>;
}

/** One resource of a relying party beside AWS, as read, with its own judge: both are loaded with its section. */
export interface PartyFacts {
  /** What its facts mean for the link. Pure. */
  judge(link: Link, facts: JudgedFacts): readonly Finding[];
}

/** All facts that a report is made of, read before anything is judged. */
export interface StatusFacts {
  readonly config: Config;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Absent: the config names no cluster. */
  readonly cluster?: ClusterFacts;
  /** Its API servers, over SSH; none where the config names no machine of one, or no link needs it. */
  readonly servers: readonly ServerSight[];
  /** Absent: no reported link needs it. */
  readonly issuer?: IssuerFacts;
  readonly accounts: readonly AccountFacts[];
  readonly workloads: readonly WorkloadFacts[];
  /** Of relying parties beside AWS; absent: the config declares none, or none was asked. */
  readonly parties?: readonly PartyFacts[];
  /** Absent: none was asked, or none answered. */
  readonly publisher?: PublisherFacts;
}

/** The same with the meaning of the issuer's reading, which more than one link needs. */
export interface JudgedFacts extends StatusFacts {
  readonly judgement: IssuerJudgement;
}
