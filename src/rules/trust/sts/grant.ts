import { defined } from "../../../core/base/index.ts";
import type { WebIdentityFacts } from "./facts.ts";
import type { SessionGrant } from "./outcome.ts";
import type { LearnedFacts } from "./rule.ts";
import { claimKeys } from "./rules/index.ts";

/** What STS gives once every rule has accepted. */
export function grantOf(facts: WebIdentityFacts, known: LearnedFacts): SessionGrant {
  const { provider, sourceIdentity, sessionPolicy, managedPolicies, tokenTags } = known;
  const inline = sessionPolicy.value === undefined ? [] : [sessionPolicy.value];
  return {
    subject: known.subject,
    audience: known.audience,
    provider,
    issuer: `https://${provider.url}`,
    // The rule session-name has seen it.
    sessionName: facts.request.roleSessionName as string,
    duration: known.duration,
    ...defined({ sourceIdentity: sourceIdentity.value }),
    ...tokenTags,
    sessionPolicies: [...inline, ...managedPolicies],
    packedPolicySize: known.packedPolicySize,
    roleAuthorizedByIdp: known.roleAuthorizedByIdp,
    claims: claimKeys(known),
  };
}
