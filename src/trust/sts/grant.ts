import type { WebIdentityFacts } from "./facts.ts";
import type { Grant } from "./outcome.ts";
import type { Known } from "./rule.ts";

/** What STS gives once every rule has accepted. */
export function grantOf(facts: WebIdentityFacts, known: Known): Grant {
  const { provider, sourceIdentity, sessionPolicy, managedPolicies, tokenTags, question } = known;
  const inline = sessionPolicy.value === undefined ? [] : [sessionPolicy.value];
  const prefix = `${provider.url}:`;
  return {
    subject: known.subject,
    audience: known.audience,
    provider,
    issuer: `https://${provider.url}`,
    // The rule session-name has seen it.
    sessionName: facts.request.roleSessionName as string,
    duration: known.duration,
    ...(sourceIdentity.value === undefined ? {} : { sourceIdentity: sourceIdentity.value }),
    ...tokenTags,
    sessionPolicies: [...inline, ...managedPolicies],
    packedPolicySize: known.packedPolicySize,
    roleAuthorizedByIdp: known.roleAuthorizedByIdp,
    claims: Object.fromEntries(Object.entries(question.context).filter(([key]) => key.startsWith(prefix))),
  };
}
