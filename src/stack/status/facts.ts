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
} from "../parts/index.ts";

/** What a look gave, or why it gave nothing. */
export type Seen<T> =
  | { readonly kind: "seen"; readonly value: T }
  | { readonly kind: "failed"; readonly error: PodtrustError }
  /** It was not tried: another link that it needs could not be looked at. */
  | { readonly kind: "skipped"; readonly needs: Link };

/** What the cluster says of itself. */
export interface ClusterFacts {
  /** Its URL; where it could not be opened, the config's file. */
  readonly server: string;
  /** As whom it knows us. */
  readonly username: Seen<string>;
  /** That others on this machine may read the credential, and what to do about it. */
  readonly exposure?: { readonly seen: string; readonly next: string };
  /** `Kubernetes v1.36.3`, as far as it says so. */
  readonly version: string;
  readonly documents: Seen<{ readonly discovery: DiscoveryDocument; readonly jwks: JwkSet }>;
}

/** Where one name of the issuer leads. */
export interface IssuerNameFacts {
  readonly host: string;
  /** What --connect-to puts in the place of DNS. */
  readonly instead?: { readonly host: string; readonly port: number };
  readonly addresses: Seen<readonly string[]>;
}

/** What the issuer serves. */
export interface IssuerFacts {
  readonly reading: IssuerReading;
  readonly names: readonly IssuerNameFacts[];
  /** PEM of the CA that it was verified by in place of the public roots. */
  readonly ca?: string;
}

/** What a running publisher of this issuer says of itself. */
export interface PublisherFacts {
  /** Why it goes on with what it last saw of the cluster. `since` in milliseconds since the epoch. */
  readonly blind?: { readonly since: number; readonly message: string; readonly next: string };
  /** The kids of keys that an operator has it distrust. */
  readonly distrusted: readonly string[];
  /** Why its certificate could not be had or renewed. */
  readonly certificate?: { readonly message: string; readonly next: string };
}

/** A role of the config as it is. */
export interface RoleReading {
  readonly role: RoleConfig;
  readonly look: Seen<ResourceDrift<RoleState>>;
}

/** One AWS account of the config. */
export interface AccountFacts {
  readonly account: AwsConfig;
  readonly place: Seen<PartTarget>;
  readonly provider: Seen<ResourceDrift<OidcProviderFacts>>;
  /** The other OIDC providers of the account, looked for where ours is not there. */
  readonly others?: readonly OidcProviderFacts[];
  readonly roles: readonly RoleReading[];
}

/** A ServiceAccount that a role of the config names, and what the cluster and STS say to it. */
export interface WorkloadFacts {
  readonly account: AwsConfig;
  readonly role: RoleConfig;
  /** NAMESPACE/NAME */
  readonly serviceAccount: string;
  /** Absent: there is none. */
  readonly object: Seen<KubernetesObject | undefined>;
  /** Whether its namespace is there; asked only where the ServiceAccount is not. */
  readonly namespace?: Seen<boolean>;
  readonly pods: Seen<readonly KubernetesObject[]>;
  /** For the first ServiceAccount of each role. Never part of a report. */
  readonly token?: Seen<Jws>;
  readonly exchange?: Seen<TokenExchange>;
}

/** One thing of a relying party beside AWS, as it was seen, with its own judge: both are loaded with its section. */
export interface PartyFacts {
  /** What the link's facts of it mean. Pure. */
  judge(link: Link, facts: JudgedFacts): readonly Finding[];
}

/** Everything that a report is made of, read before anything is judged. */
export interface StatusFacts {
  readonly config: Config;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Absent: the config names no cluster. */
  readonly cluster?: ClusterFacts;
  /** Absent: no link that is reported on needs it. */
  readonly issuer?: IssuerFacts;
  readonly accounts: readonly AccountFacts[];
  readonly workloads: readonly WorkloadFacts[];
  /** Of relying parties beside AWS; absent: the config declares none, or none was asked. */
  readonly parties?: readonly PartyFacts[];
  /** Absent: none was asked, or none answered. */
  readonly publisher?: PublisherFacts;
}

/** The same with what the reading of the issuer means, which more than one link needs. */
export interface JudgedFacts extends StatusFacts {
  readonly judgement: IssuerJudgement;
}
