import { nearest } from "../../../../core/base/index.ts";
import { shown } from "../../../judge/index.ts";
import { issuerDifference } from "../../../oidc/index.ts";
import type { AwsMessage } from "../answer.ts";
import type { ProviderFacts } from "../facts.ts";
import { type StsRule, stsRule } from "../rule.ts";
import { sources } from "../sources.ts";
import { couldNotBeValidated, invalidToken } from "../texts.ts";
import { accepted, refused } from "../verdict.ts";

const unregistered: AwsMessage = {
  when: "no OIDC provider of the role's account has exactly this issuer",
  code: invalidToken,
  status: 400,
  texts: { legacy: "No OpenIDConnect provider found in your account for <iss>", "2026": couldNotBeValidated },
  evidence: { legacy: "documented", "2026": "reported" },
};

/** How a registered issuer comes close to this one, as a sentence. */
function closeCall(iss: string, providers: readonly ProviderFacts[]): string | undefined {
  const urls = providers.map(({ url }) => `https://${url}`);
  const names = { expected: "the provider in IAM", actual: "iss of the token" };
  const differences = urls.map((url) => issuerDifference(url, iss, names));
  const alike = differences.find((one) => one !== undefined && one.kind !== "other");
  if (alike !== undefined) return alike.message;
  const near = nearest(iss, urls);
  return near === undefined ? undefined : `the nearest that is registered is ${near}`;
}

function whyUnregistered(iss: string, account: string, providers: readonly ProviderFacts[]): string {
  const base = `account ${account} has no OIDC provider for ${shown(iss)}`;
  const close = closeCall(iss, providers);
  if (close !== undefined) return `${base}: ${close}`;
  return providers.length === 0 ? `${base}, nor any other` : base;
}

const registered = stsRule({
  name: "issuer-registered",
  title: "The role's account has an OIDC provider whose URL is exactly iss.",
  sources: [sources.irsaErrors, sources.oidcProviders],
  evidence: "documented",
  note: "Compared character by character: a final slash, upper case, http:// and :443 make another issuer.",
  answers: [unregistered],
  needs: ["claims", "roleArn"],
  check({ providers }, { claims, roleArn }) {
    const iss = typeof claims.iss === "string" ? claims.iss : JSON.stringify(claims.iss);
    const provider = providers.find(({ url }) => `https://${url}` === iss);
    if (provider !== undefined) return accepted(`provider ${provider.arn}`, { provider });
    return refused(unregistered, {
      why: whyUnregistered(iss, roleArn.account, providers),
      next: `Create an OIDC provider in account ${roleArn.account} with the URL that tokens carry in iss, or use a role of the account that has it.`,
      values: { iss },
    });
  },
});

const wrongAudience: AwsMessage = {
  when: "azp, or without it the audience, is not among the provider's client IDs",
  code: invalidToken,
  status: 400,
  texts: { legacy: "Incorrect token audience", "2026": couldNotBeValidated },
  evidence: { legacy: "documented", "2026": "observed" },
};

const audience = stsRule({
  name: "audience-registered",
  title: "The audience (azp, else aud) is one of the provider's client IDs.",
  sources: [sources.irsaErrors, sources.observed],
  evidence: "observed",
  note: "A token with an unregistered aud and a registered azp is accepted; one with a registered aud and an unregistered or empty azp is refused.",
  answers: [wrongAudience],
  needs: ["audience", "provider"],
  check(_facts, known) {
    const { clientIds, arn } = known.provider;
    if (clientIds.includes(known.audience))
      return accepted(`${shown(known.audience)} is a client ID of the provider`);
    const has = clientIds.length === 0 ? "none" : clientIds.map(shown).join(", ");
    return refused(wrongAudience, {
      why: `the token is for ${shown(known.audience)}, and the provider's client IDs are: ${has}`,
      next: `Ask for a token with the audience ${shown(clientIds[0] ?? "sts.amazonaws.com")}, or add the client ID to ${arn}.`,
    });
  },
});

/** The rules that find the token's OIDC provider in IAM. */
export const providerRules: readonly StsRule[] = [registered, audience];
