import type { Jws } from "../../oidc/index.ts";
import type { AccessRequest } from "../access/request.ts";
import type { NamedPolicy } from "../policy/document.ts";
import type { AwsMessage, Evidence } from "./answer.ts";
import type { ProviderFacts, RoleFacts, WebIdentityFacts } from "./facts.ts";
import type { Jwk, KeyChecks } from "./key-checks.ts";
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

/** A condition key on which an answer hangs: another value of it may get another answer. */
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
  /** On which values of this one call the trust policy's answer hangs. */
  readonly decidingKeys: readonly DecidingKey[];
  /** Seconds. */
  readonly duration: number;
  readonly sessionPolicy: { readonly value: NamedPolicy | undefined };
  readonly managedPolicies: readonly NamedPolicy[];
  /** Percent. */
  readonly packedPolicySize: number;
}

export type Verdict =
  | {
      readonly outcome: "accepted";
      /** What was found, as a sentence. */
      readonly finding: string;
      readonly learned?: Partial<LearnedFacts>;
      readonly warnings: readonly string[];
    }
  | {
      readonly outcome: "refused";
      readonly refusal: Omit<Refusal, "rule">;
      /** What can be said all the same, so that an explanation can go on. */
      readonly learned?: Partial<LearnedFacts>;
    }
  | { readonly outcome: "needs-documents" };

interface RuleFacts {
  /** Stable: its conformance test is named after it, logs and pages speak of it. */
  readonly name: string;
  /** What it asks for, as one sentence. */
  readonly title: string;
  /** Where that is known from: addresses of pages, and RFC sections. */
  readonly sources: readonly string[];
  /** How sure it is that AWS does this. */
  readonly evidence: Evidence;
  /** What is not known, or differs from what one would think. */
  readonly note?: string;
  /** Everything that it may answer. */
  readonly answers: readonly AwsMessage[];
}

interface RuleSpec<Need extends keyof LearnedFacts> extends RuleFacts {
  /** What earlier rules must have found before this one can be asked. */
  readonly needs: readonly Need[];
  readonly check: (facts: WebIdentityFacts, known: Pick<LearnedFacts, Need>) => Verdict;
}

/** One rule by which STS accepts a token: a pure function with its documentation. */
export interface StsRule extends RuleFacts {
  readonly needs: readonly (keyof LearnedFacts)[];
  readonly check: (facts: WebIdentityFacts, known: Partial<LearnedFacts>) => Verdict;
}

/** A rule that is asked only once all that it needs is known, which makes this widening of its type true. */
export function stsRule<const Need extends keyof LearnedFacts>(spec: RuleSpec<Need>): StsRule {
  return spec as unknown as StsRule;
}
