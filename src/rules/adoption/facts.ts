import type { DistributionName, KeptFacts, StartRefusal, UnitFlags } from "../distribution/index.ts";

/** What an API server's AuthenticationConfiguration says (`--authentication-config`). */
export type AuthenticationFacts =
  /** The flag is not set. */
  | { readonly kind: "none" }
  /** It is set, and the file could not be read. */
  | { readonly kind: "unread"; readonly file: string }
  /** The issuers of its `jwt` authenticators. */
  | { readonly kind: "read"; readonly issuers: readonly string[] };

/** One API server: the flags that it will be started with, and what it answers at its own address. */
export interface ServerFacts {
  /** Its node's. */
  readonly name: string;
  /** `--service-account-issuer`, in order: the first signs, all are accepted. */
  readonly issuers: readonly string[];
  /** `--api-audiences`; absent where it is not set. */
  readonly audiences?: readonly string[];
  /** `--service-account-jwks-uri`; absent where it is not set. */
  readonly jwksUri?: string;
  /** The `issuer` of its own discovery document; absent where it showed none. */
  readonly discovered?: string;
  /** The kids of its own JWK Set; absent where it showed none. */
  readonly kids?: readonly string[];
  readonly authentication: AuthenticationFacts;
  /** When its process began, in milliseconds since the epoch; absent where it is not known. */
  readonly startedAt?: number;
  /** What it runs with and will not be started with again, a sentence's end; absent where both agree or one is not known. */
  readonly differs?: string;
  /** Why it was not looked at what runs, a sentence's end; absent where it was. The flags are those that it will be started with. */
  readonly notLookedAt?: string;
  /** An object of the cluster says its flags, which anybody may have written: it is shown, and decides no write. */
  readonly saidBy?: "cluster";
  /** Of k3s and RKE2: what its unit says of the issuer beside its files. */
  readonly unit?: UnitFlags;
  /** Why it would not start as meant with the new issuer in its files; absent where it would, or files alone start it. */
  readonly startRefusal?: StartRefusal;
  /** What keeps its files from before podtrust changed them first; absent where none are kept. */
  readonly kept?: KeptFacts;
}

/** The issuer that a cluster gets. */
export interface NewIssuer {
  readonly issuer: string;
  readonly jwksUri: string;
  /** `--api-audiences` as configured; absent: what is needed and no more. */
  readonly audiences?: readonly string[];
}

/** How the documents of the new issuer are seen from outside. */
export interface DocumentFacts {
  /** A family is `absent` where the name has no address of it, `unseen` where this machine has no route to one. */
  readonly families: readonly FamilyFacts[];
  /** Of the keys that are published. */
  readonly kids: readonly string[];
}

export interface FamilyFacts {
  /** Through a company's proxy, which finds the address by itself, there is one look in place of two. */
  readonly family: "IPv4" | "IPv6" | "the proxy";
  readonly outcome: "seen" | "absent" | "unseen" | "failed";
  /** Why it failed or is not seen. */
  readonly why?: string;
}

/** A role that trusts a former issuer. */
export interface OldTrust {
  readonly name: string;
  readonly arn: string;
  /** Of this stack: `podtrust up` lets the new issuer in. */
  readonly isOurs: boolean;
  /** The new issuer is already trusted. */
  readonly trustsNew: boolean;
  /** The statements that trust the new issuer as well as the old one. */
  readonly statements: readonly object[];
}

/** What one AWS account of the config says of both issuers. */
export interface AccountTrust {
  readonly account: string;
  /** Why nothing was seen; then the rest is empty. */
  readonly unseen?: string;
  readonly hasProvider: boolean;
  readonly roles: readonly OldTrust[];
  /** Whether every role was read. */
  readonly isWhole: boolean;
}

/** Everything that decides about an adoption. */
export interface AdoptionFacts {
  readonly wanted: NewIssuer;
  readonly distribution: DistributionName | undefined;
  /** Minor version of Talos 1.x, where it is Talos. */
  readonly talos?: number;
  readonly servers: readonly ServerFacts[];
  /** Names of the servers that the config lists. */
  readonly listed: readonly string[];
  /** Former issuers that the config names: they are known even when no server names them any more. */
  readonly formerIssuers: readonly string[];
  readonly documents: DocumentFacts;
  readonly accounts: readonly AccountTrust[];
}
