import type { Jwk, KeyChecks, Rule, RuleSpec, RuleVerdict } from "../../judge/index.ts";
import type { Jws } from "../../oidc/index.ts";
import type { AccessRequest } from "../language/request.ts";
import type { NamedPolicy } from "../language/document.ts";
import type { AwsMessage } from "./answer.ts";
import type { ProviderFacts, RoleFacts, WebIdentityFacts } from "./facts.ts";
import type { Refusal } from "./outcome.ts";

/** A role's ARN, taken apart. */
export interface RoleArn {
  readonly arn: string;
  readonly partition: string;
  readonly account: string;
  /** Without the path. */
  readonly name: string;
}

/** The five claims that every token must have, of whatever type they are. */
export interface RequiredClaims {
  readonly iss: unknown;
  readonly sub: unknown;
  readonly aud: unknown;
  readonly iat: unknown;
  readonly exp: unknown;
}

/** Session tags of the token. */
export interface TokenTags {
  readonly tags: Readonly<Record<string, string>>;
  readonly transitiveTagKeys: readonly string[];
}

/** A condition key on which an answer depends: another value of it may get another answer. */
export interface DecidingKey {
  readonly key: string;
  /** Undefined where it is not known yet. */
  readonly value: string | undefined;
}

/** What earlier rules found out, by name, for later ones. */
export interface LearnedFacts {
  readonly roleArn: RoleArn;
  readonly jws: Jws;
  /** All claims of the token, as they came. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly claims: RequiredClaims;
  readonly subject: string;
  /** Seconds since the epoch. */
  readonly times: { readonly exp: number; readonly iat: number; readonly nbf: number | undefined };
  readonly audiences: readonly string[];
  /** `azp`, else the one audience. */
  readonly audience: string;
  readonly provider: ProviderFacts;
  /** What the issuer serves, unread. */
  readonly served: { readonly discovery: string; readonly jwks: string };
  /** The entries of the JWK Set that are JSON objects. */
  readonly keys: readonly Jwk[];
  /** How keys are asked; given by the caller, and found by no rule. */
  readonly keyChecks: KeyChecks;
  /** The one that must have signed. */
  readonly key: Jwk;
  readonly tokenTags: TokenTags;
  readonly sourceIdentity: { readonly value: string | undefined };
  readonly roleAuthorizedByIdp: boolean;
  readonly role: RoleFacts;
  /** What the trust policy is asked, and what its conditions see. */
  readonly question: AccessRequest & { readonly unknownKeys: readonly string[] };
  /** The values of this one call on which the trust policy's answer depends. */
  readonly decidingKeys: readonly DecidingKey[];
  /** Seconds. */
  readonly duration: number;
  readonly sessionPolicy: { readonly value: NamedPolicy | undefined };
  readonly managedPolicies: readonly NamedPolicy[];
  /** Percent. */
  readonly packedPolicySize: number;
}

/** What a rule of STS finds. */
export type StsVerdict = RuleVerdict<LearnedFacts, Refusal>;

/** One rule by which STS accepts a token. */
export type StsRule = Rule<WebIdentityFacts, LearnedFacts, Refusal, AwsMessage>;

/** A rule that is asked only once all that it needs is known, which makes this widening of its type true. */
export function stsRule<const Need extends keyof LearnedFacts>(
  spec: RuleSpec<WebIdentityFacts, LearnedFacts, Refusal, AwsMessage, Need>,
): StsRule {
  return spec as unknown as StsRule;
}
