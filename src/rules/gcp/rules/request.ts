import { accepted, refusedWith, shown, type VendorAnswer } from "../../judge/index.ts";
import type { ExchangeFacts, ExchangeRequest, GoogleProvider, ResourceState } from "../facts.ts";
import { parseProviderName, providerAudience, type ProviderName } from "../names.ts";
import { exchangeRule } from "../rule.ts";
import { sources } from "../sources.ts";

const parameterWrong: VendorAnswer = {
  when: "grant_type, requested_token_type or subject_token_type is another",
  code: "invalid_request",
  status: 400,
  text: 'Invalid value for "<name>".',
  evidence: "inferred",
};

const exchanged: Readonly<Record<string, readonly [values: readonly string[], of: keyof ExchangeRequest]>> = {
  grant_type: [["urn:ietf:params:oauth:grant-type:token-exchange"], "grantType"],
  requested_token_type: [["urn:ietf:params:oauth:token-type:access_token"], "requestedTokenType"],
  subject_token_type: [
    ["urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"],
    "subjectTokenType",
  ],
};

const parameters = exchangeRule({
  name: "exchange-parameters",
  title: "The call asks to exchange a JWT for an access token.",
  sources: [sources.exchange],
  evidence: "documented",
  note: "Which values are taken is documented; the text for others is ours. Tokens of other types (AWS, SAML) are not judged here.",
  answers: [parameterWrong],
  needs: [],
  check({ request }) {
    for (const [name, [values, of]] of Object.entries(exchanged)) {
      const value = request[of];
      if (values.includes(value ?? "")) continue;
      return refusedWith(parameterWrong, {
        why: `${name} is ${shown(value)}, and not ${values.join(" or ")}`,
        next: "Use Google's own library with the credential file that podtrust writes.",
        values: { name },
      });
    }
    return accepted("a JWT for an access token");
  },
});

const audienceForm: VendorAnswer = {
  when: "audience is no full name of a provider",
  code: "invalid_request",
  status: 400,
  text: 'Invalid value for "audience". This value should be the full resource name of the Identity Provider. See https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token for the list of possible formats.',
  evidence: "reported",
};

const audience = exchangeRule({
  name: "exchange-audience",
  title: "audience is the provider's full name: //iam.googleapis.com/projects/NUMBER/…/providers/ID.",
  sources: [sources.exchange, sources.reports],
  evidence: "reported",
  note: "This is the call's audience, and not the token's: it has no https: before it.",
  answers: [audienceForm],
  needs: [],
  check({ request }) {
    const name = parseProviderName(request.audience ?? "");
    if (name !== undefined) return accepted(`provider ${name.provider} of pool ${name.pool}`, { name });
    return refusedWith(audienceForm, {
      why: `the call's audience is ${shown(request.audience)}`,
      next: `Give //iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER, without https: before it.`,
    });
  },
});

const targetGone: VendorAnswer = {
  when: "pool or provider does not exist, is disabled or deleted, or stands in another project",
  code: "invalid_target",
  status: 400,
  text: 'The target service indicated by the "audience" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn\'t exist.',
  evidence: "reported",
};

function stateProblem(what: string, { state, disabled }: ResourceState): string | undefined {
  if (state === "DELETED") return `${what} is deleted; it can be undeleted for about 30 days`;
  return disabled ? `${what} is disabled` : undefined;
}

function targetProblem(
  found: ExchangeFacts["target"],
  name: ProviderName,
): string | { readonly provider: GoogleProvider } {
  if (found === undefined) return `there is no ${providerAudience(name)}`;
  const { pool, provider } = found;
  return (
    stateProblem(`pool ${name.pool}`, pool) ??
    stateProblem(`provider ${name.provider}`, provider) ?? { provider }
  );
}

const target = exchangeRule({
  name: "target-active",
  title: "The pool and the provider exist, and neither is disabled or deleted.",
  sources: [sources.provider, sources.reports],
  evidence: "documented",
  answers: [targetGone],
  needs: ["name"],
  check({ target: found }, { name }) {
    const problem = targetProblem(found, name);
    if (typeof problem !== "string") return accepted("pool and provider are in use", problem);
    const { projectNumber } = name;
    if (/^\d+$/u.test(projectNumber))
      return refusedWith(targetGone, {
        why: problem,
        next: "Run podtrust up, which makes, enables or undeletes what the config names.",
      });
    return refusedWith(targetGone, {
      why: `${projectNumber} is a project's id, and its number is wanted`,
      next: `Give the project's number: gcloud projects describe ${projectNumber} --format='value(projectNumber)'`,
    });
  },
});

/** What is looked at before the token. */
export const requestRules = [parameters, audience, target];
