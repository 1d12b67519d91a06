import type { IssuerDocuments, Jwk, KeyChecks } from "../judge/index.ts";
import type { Jws } from "../oidc/index.ts";

/** A role of the JWT auth method (OpenBao API, `/auth/jwt/role/:name`). */
export interface JwtRole {
  readonly boundAudiences: readonly string[];
  /** Empty: sub is not compared by it. */
  readonly boundSubject: string;
  /** Values that a claim may have, by the claim's name (`bound_claims` with `bound_claims_type` string). */
  readonly boundClaims?: Readonly<Record<string, readonly string[]>>;
}

/** All that a login at `/auth/MOUNT/login` depends on, as data. */
export interface LoginFacts {
  readonly role: string;
  readonly jwt: string;
  /** Seconds since the epoch. */
  readonly now: number;
  /** The issuer whose keys the mount reads. */
  readonly issuer: string;
  /** `bound_issuer` of the mount's config; absent: the token's iss is not compared with anything. */
  readonly boundIssuer?: string;
  /** Undefined: the mount has no role of that name. */
  readonly found: JwtRole | undefined;
  /** What the issuer serves; undefined: not fetched yet. */
  readonly documents?: IssuerDocuments | undefined;
}

/** What the rules find, by name. */
export interface LoginLearned {
  readonly found: JwtRole;
  readonly jws: Jws;
  readonly keys: readonly Jwk[];
  /** How keys are asked; given by the caller, and found by no rule. */
  readonly keyChecks: KeyChecks;
}
