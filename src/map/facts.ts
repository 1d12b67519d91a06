import type { BoundKind } from "../rules/bindings/index.ts";
import type { RotationRecord } from "../rules/rotation/index.ts";
import type { PodTokens } from "../rules/tokens/index.ts";
import type { OidcProviderFacts, RoleState, ObservedParty } from "../stack/parts/index.ts";

/** A key as a JWK Set names it. */
export interface KeyName {
  readonly kid: string;
  readonly alg: string;
}

/** What the cluster says of its issuer. */
export interface MapCluster {
  readonly server: string;
  /** `Kubernetes v1.36.3`, as far as it says so. */
  readonly version: string;
  /** The issuer that its tokens name; absent if it was not seen. */
  readonly issuer?: string;
  /** The keys by which it verifies tokens. */
  readonly keys?: readonly KeyName[];
}

/** A key as a running publisher knows it. Times in milliseconds since the epoch. */
export interface PublisherKey extends KeyName {
  readonly state: "current" | "retained" | "distrusted";
  readonly signs?: { readonly by: "only-key" | "token"; readonly at: number };
  readonly firstSeen?: number;
  readonly retainedUntil?: number;
  readonly absentSince?: number;
  readonly mayDistrustFrom?: number;
  readonly distrustedAt?: number;
}

/** A role of the config, and how its tokens are used. */
export interface ConfiguredRole {
  readonly name: string;
  readonly sessionName: string;
  /** NAMESPACE/NAME */
  readonly serviceAccounts: readonly string[];
  /** NAMESPACE/NAME with `*` and `?`. */
  readonly subjectPatterns: readonly string[];
}

/** What IAM of one account says. */
export interface MapAccount {
  readonly account: string;
  readonly region: string;
  readonly audiences: readonly string[];
  readonly wanted: readonly ConfiguredRole[];
  readonly providers: readonly OidcProviderFacts[];
  /** Roles with everything on them; those that trust no OIDC provider too. */
  readonly roles: readonly RoleState[];
  /** False: roles to which neither the config nor a provider of the stack leads were not seen. */
  readonly isWhole: boolean;
}

/** An existing ServiceAccount. */
export interface MapServiceAccount {
  readonly namespace: string;
  readonly name: string;
}

/** A pod that has not ended. */
export interface MapPod extends MapServiceAccount {
  readonly serviceAccount: string;
  /** The tokens that its spec projects into it; absent where that was not read. */
  readonly tokens?: PodTokens;
}

/** A binding of any relying party, as far as it was carried out. It has its ServiceAccount's name. */
export interface MapBinding extends MapServiceAccount {
  readonly kind: BoundKind;
  /** What its ServiceAccount becomes: ARNs of roles, resource ids of identities, addresses and principals at Google. */
  readonly becomes: readonly string[];
  /** The condition Ready, in the operator's words; absent: no operator has reconciled it yet. */
  readonly ready?: {
    readonly status: "True" | "False" | "Unknown";
    readonly reason: string;
    readonly message: string;
  };
  /** RFC 3339: when the relying party last accepted its ServiceAccount. */
  readonly lastProof?: string;
}

/** What STS answered to a ServiceAccount's token. */
export interface MapProof {
  readonly account: string;
  readonly role: string;
  /** NAMESPACE/NAME */
  readonly serviceAccount: string;
  /** Of the key that signed the token. */
  readonly kid?: string;
  readonly accepted: boolean;
  /** What was said, where it was refused. */
  readonly said: string;
}

/** What a relying party beside AWS answered to a ServiceAccount's token. */
export interface PartyProof {
  /** The name of the identity that it would become. */
  readonly identity: string;
  /** NAMESPACE/NAME */
  readonly serviceAccount: string;
  /** Of the key that signed the token. */
  readonly kid?: string;
  readonly accepted: boolean;
  /** What was said, where it was refused. */
  readonly said: string;
}

/** What exists of one section of the config at a relying party beside AWS. */
export interface MapParty extends ObservedParty {
  /** `Google Cloud` */
  readonly title: string;
  /** `project shop-project` */
  readonly place: string;
  readonly proofs: readonly PartyProof[];
}

/** Something that could not be read. */
export interface Unseen {
  readonly what: string;
  readonly why: string;
  readonly next?: string;
}

/** Everything that a map is made of, read before anything is judged. */
export interface MapFacts {
  readonly stack: string;
  readonly issuer: string;
  readonly formerIssuers: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly cluster?: MapCluster;
  /** The keys that the issuer publishes; absent where they could not be read. */
  readonly published?: readonly KeyName[];
  /** The keys as a publisher on this machine reports them. */
  readonly publisher?: readonly PublisherKey[];
  /** The record of `rotate` on the cluster's keys; absent if it could not be read. */
  readonly rotation?: RotationRecord;
  readonly accounts: readonly MapAccount[];
  /** Relying parties beside AWS; absent: the config has none. */
  readonly parties?: readonly MapParty[];
  /** Of all namespaces; absent where they could not be listed. */
  readonly serviceAccounts?: readonly MapServiceAccount[];
  readonly pods?: readonly MapPod[];
  readonly bindings: readonly MapBinding[];
  readonly proofs: readonly MapProof[];
  readonly unseen: readonly Unseen[];
}
