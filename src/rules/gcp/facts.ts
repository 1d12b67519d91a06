import type { IssuerDocuments, Jwk, KeyChecks } from "../judge/index.ts";
import type { Jws } from "../oidc/index.ts";
import type { CelError, CelValue } from "./cel/index.ts";
import type { MappedIdentity, ProviderName } from "./names.ts";

/** The parameters of the token exchange as they came: texts, none of them checked (STS API, `v1.token`). */
export interface ExchangeRequest {
  readonly grantType?: string | undefined;
  /** The provider's full name behind `//`. */
  readonly audience?: string | undefined;
  readonly requestedTokenType?: string | undefined;
  readonly subjectToken?: string | undefined;
  readonly subjectTokenType?: string | undefined;
}

/** Whether a pool or a provider is used. */
export interface ResourceState {
  /** A deleted one is kept for about 30 days. */
  readonly state: "ACTIVE" | "DELETED";
  readonly disabled: boolean;
}

/** A provider as IAM keeps it (IAM API, `WorkloadIdentityPoolProvider`). */
export interface GoogleProvider extends ResourceState {
  readonly issuerUri: string;
  /** Empty: the provider's own name, with `https:` or without. */
  readonly allowedAudiences: readonly string[];
  /** CEL expressions by `google.subject`, `google.groups`, `attribute.NAME`. */
  readonly attributeMapping: Readonly<Record<string, string>>;
  readonly attributeCondition?: string;
  /** The JWK Set that was uploaded; absent: Google fetches the issuer's. */
  readonly jwksJson?: string;
}

/** All that a token exchange depends on, as data. */
export interface ExchangeFacts {
  readonly request: ExchangeRequest;
  /** Seconds since the epoch. */
  readonly now: number;
  /** What the request's audience names; undefined: there is none of that name. */
  readonly target: { readonly pool: ResourceState; readonly provider: GoogleProvider } | undefined;
  /** What the issuer serves, for a provider without uploaded keys; undefined: not fetched yet. */
  readonly documents?: IssuerDocuments | undefined;
}

/** The value of each expression of a mapping, by its name, or why it has none. */
export type Mapped = Readonly<Record<string, CelError | CelValue>>;

/** What the rules of the exchange find, by name. */
export interface ExchangeLearned {
  readonly name: ProviderName;
  readonly provider: GoogleProvider;
  readonly jws: Jws;
  /** Seconds since the epoch. */
  readonly expires: number;
  /** The text of the JWK Set, uploaded or fetched. */
  readonly keys: readonly Jwk[];
  /** How keys are asked; given by the caller, and found by no rule. */
  readonly keyChecks: KeyChecks;
  readonly key: Jwk;
  readonly mapped: Mapped;
  readonly identity: MappedIdentity;
}

/** What the exchange gives. */
export interface FederatedGrant {
  /** `principal://…/subject/…` */
  readonly principal: string;
  readonly identity: MappedIdentity;
  /** Every member of a policy that lets it in. */
  readonly members: readonly string[];
  /** Seconds: what the token has left, an hour at most. */
  readonly expiresIn: number;
}

/** A call for a service account's access token (IAM Credentials API, `generateAccessToken`). */
export interface ImpersonationFacts {
  readonly email: string;
  /** Members of a federated identity, by `membersOf`. */
  readonly members: readonly string[];
  /** Undefined: there is none of that name. */
  readonly account: { readonly disabled: boolean; readonly tokenCreators: readonly string[] } | undefined;
  /** Seconds; an hour where the call names none. */
  readonly lifetime: number;
  /** Seconds that an organisation allows: 3,600, or up to 43,200 where its policy says so. */
  readonly maxLifetime: number;
}
