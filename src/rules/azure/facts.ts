import type { IssuerDocuments, Jwk, KeyChecks } from "../judge/index.ts";
import type { Jws } from "../oidc/index.ts";

/** The parameters of a token request as they came: texts, none of them checked (OAuth 2.0 client credentials, third case). */
export interface AssertionRequest {
  /** Of the path: `/{tenant}/oauth2/v2.0/token`. */
  readonly tenant: string;
  readonly grantType?: string | undefined;
  readonly clientId?: string | undefined;
  readonly scope?: string | undefined;
  readonly clientAssertionType?: string | undefined;
  readonly clientAssertion?: string | undefined;
}

/** A federated identity credential of an application or of a user-assigned managed identity. */
export interface FederatedCredential {
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  /** Exactly one. */
  readonly audiences: readonly string[];
}

/** All that a token request with a federated assertion depends on, as data. */
export interface AssertionFacts {
  readonly request: AssertionRequest;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Undefined: no tenant of that name. */
  readonly tenant: { readonly id: string } | undefined;
  /** What has the request's client id in the tenant; undefined: nothing. */
  readonly client: { readonly credentials: readonly FederatedCredential[] } | undefined;
  /** Whether the resource of the scope is known in the tenant. */
  readonly isResourceKnown: boolean;
  /** What the issuer serves; undefined: not fetched yet. */
  readonly documents?: IssuerDocuments | undefined;
}

/** What the rules find, by name. */
export interface AssertionLearned {
  readonly jws: Jws;
  readonly claims: { readonly iss: string; readonly sub: string; readonly aud: unknown };
  /** The application's id URI, or its host: the scope without `/.default`. */
  readonly resource: string;
  readonly credentials: readonly FederatedCredential[];
  readonly credential: FederatedCredential;
  readonly keys: readonly Jwk[];
  /** How keys are asked; given by the caller, and found by no rule. */
  readonly keyChecks: KeyChecks;
  readonly key: Jwk;
}

/** What Entra gives. */
export interface AssertionGrant {
  readonly credential: FederatedCredential;
  readonly resource: string;
}
