import { readArn } from "../../oidc/index.ts";
import type { RequestContext } from "../language/request.ts";
import { judgeBy } from "../../judge/index.ts";
import { callKeys, type ProviderFacts, type RoleFacts, type WebIdentityFacts } from "./facts.ts";
import type { Refusal } from "./outcome.ts";
import type { DecidingKey, LearnedFacts } from "./rule.ts";
import { admissionRules } from "./rules/index.ts";

/** A request for a role, before there is a token or a call. */
export interface AdmissionQuestion {
  readonly role: RoleFacts;
  /** The provider of the tokens. */
  readonly provider: Pick<ProviderFacts, "arn" | "url">;
  /** The token's claims. Its times are optional. */
  readonly claims: Readonly<Record<string, unknown>> & { readonly sub: string; readonly aud: unknown };
  /** RoleSessionName: the caller chooses it. */
  readonly sessionName: string;
  /** Seconds since the epoch. */
  readonly now: number;
  /** What is known of the call beforehand: `aws:RequestedRegion`. */
  readonly context?: RequestContext;
}

/** Whether a role lets a caller in, as far as that can be known before the call. */
export type Admission =
  /** `decidingKeys`: it holds for these values, and another value may get another answer. */
  | { readonly outcome: "admitted"; readonly decidingKeys: readonly DecidingKey[] }
  /** It depends on what only the call brings. */
  | { readonly outcome: "undecided"; readonly decidingKeys: readonly DecidingKey[] }
  | { readonly outcome: "refused"; readonly refusal: Refusal };

function factsOf({ role, sessionName, now, context }: AdmissionQuestion): WebIdentityFacts {
  return {
    request: { roleArn: role.arn, roleSessionName: sessionName },
    now,
    providers: [],
    role,
    context,
    unknownKeys: callKeys,
  };
}

function knownOf({ role, provider, claims }: AdmissionQuestion): Partial<LearnedFacts> {
  const { arn, name, account } = role;
  const { sub, aud, ...others } = claims;
  return {
    roleArn: { arn, name, account, partition: readArn(arn).partition },
    provider: { ...provider, clientIds: [] },
    payload: claims,
    claims: { iss: others["iss"], sub, aud, iat: others["iat"], exp: others["exp"] },
    subject: sub,
  };
}

/**
 * Whether a role's trust policy admits a token, by the rules that STS asks and over the same facts: claims, session
 * name, tags, source identity, provider, role. What only a call brings (`callKeys`) is not made up: where the answer
 * depends on it, it is `undecided`. Signature, times and the provider's client IDs are other rules' business.
 */
export function admission(question: AdmissionQuestion): Admission {
  const judged = judgeBy(admissionRules, factsOf(question), knownOf(question));
  if (judged.outcome === "refused") return { outcome: "refused", refusal: judged.refusal };
  // Every rule has accepted, and so everything is known.
  const { decidingKeys } = judged.known as LearnedFacts;
  const open = decidingKeys.some(({ value }) => value === undefined);
  return { outcome: open ? "undecided" : "admitted", decidingKeys };
}
