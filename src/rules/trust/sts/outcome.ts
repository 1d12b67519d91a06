import type { RefusalWords, RuleReport as Report } from "../../judge/index.ts";
import type { StatementTrace } from "../language/request.ts";
import type { NamedPolicy } from "../language/document.ts";
import type { ProviderFacts } from "./facts.ts";

/** Which generation of AWS's texts is used. */
export type MessageProfile = "legacy" | "2026";
export const messageProfiles = ["legacy", "2026"] as const satisfies readonly MessageProfile[];

/** What STS answers, and what that means. */
export interface Refusal extends RefusalWords {
  /** On the wire. */
  readonly code: string;
  /** HTTP. */
  readonly status: number;
  readonly type: "Sender" | "Receiver";
  /** AWS's words, letter by letter. */
  readonly messages: Readonly<Record<MessageProfile, string>>;
  /** Where the trust policy decided: each of its statements, what it asks and what the request has. */
  readonly statements?: readonly StatementTrace[];
}

/** What STS grants. */
export interface SessionGrant {
  /** SubjectFromWebIdentityToken. */
  readonly subject: string;
  /** `azp`, else the one audience. */
  readonly audience: string;
  readonly provider: ProviderFacts;
  readonly issuer: string;
  readonly sessionName: string;
  /** Seconds; the token's own end does not shorten it. */
  readonly duration: number;
  readonly sourceIdentity?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly transitiveTagKeys: readonly string[];
  /** The inline session policy and those of PolicyArns; empty: no limit. */
  readonly sessionPolicies: readonly NamedPolicy[];
  /** Percent. */
  readonly packedPolicySize: number;
  /** The `https://aws.amazon.com/roles` claim named the role. */
  readonly roleAuthorizedByIdp: boolean;
  /** The condition keys of the claims: `<provider>:sub` and its like. */
  readonly claims: Readonly<Record<string, string | readonly string[]>>;
}

export type WebIdentityDecision =
  | { readonly outcome: "accepted"; readonly grant: SessionGrant }
  | { readonly outcome: "refused"; readonly refusal: Refusal; readonly passed: readonly string[] }
  /** No rule has refused so far: fetch the issuer's documents and ask again with them. */
  | {
      readonly outcome: "needs-documents";
      readonly issuer: string;
      readonly provider: ProviderFacts;
      /** Of the token's header, for a cache to look for. */
      readonly kid: string | undefined;
      readonly passed: readonly string[];
    };

/** One rule's answer for a person. */
export type StsRuleReport = Report<Refusal>;
