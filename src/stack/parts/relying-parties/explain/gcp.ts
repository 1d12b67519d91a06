import { PodtrustError } from "../../../../core/base/index.ts";
import {
  decideExchange,
  type ExchangeFacts,
  explainExchange,
  explainImpersonation,
  type FederatedGrant,
  providerAudience,
  readDescribedTarget,
} from "../../../../rules/gcp/index.ts";
import type { RuleReport, VendorRefusal } from "../../../../rules/judge/index.ts";
import { keyChecks } from "../../../../rules/keys/index.ts";
import type { Explanation, Question } from "./question.ts";

/** Lifetime of an access token by default, in seconds, and the most without a policy for more. */
const hour = 3600;

/** Whether the service account's token would be issued as well, once the exchange grants. */
function impersonated(
  email: string,
  tokenCreators: readonly string[] | undefined,
  grant: FederatedGrant,
): readonly RuleReport<VendorRefusal>[] {
  if (tokenCreators === undefined)
    throw new PodtrustError("usage", `--service-account ${email} needs its policy`, {
      next: `Give it by --described: gcloud iam service-accounts get-iam-policy ${email} --format=json`,
    });
  const account = { disabled: false, tokenCreators };
  return explainImpersonation({ email, members: grant.members, account, lifetime: hour, maxLifetime: hour });
}

/** What Google's token exchange would decide, and IAM Credentials if a service account is impersonated. */
export async function explain(question: Question): Promise<Explanation> {
  const { name, target, tokenCreators } = readDescribedTarget(question.descriptions);
  const request = {
    grantType: "urn:ietf:params:oauth:grant-type:token-exchange",
    audience: providerAudience(name),
    requestedTokenType: "urn:ietf:params:oauth:token-type:access_token",
    subjectTokenType: "urn:ietf:params:oauth:token-type:jwt",
    subjectToken: question.token,
  };
  const asked: ExchangeFacts = { request, now: question.now, target };
  const first = decideExchange(asked, keyChecks);
  const facts =
    first.outcome === "needs-documents"
      ? { ...asked, documents: await question.documents(first.issuer) }
      : asked;
  const decision = decideExchange(facts, keyChecks);
  const { serviceAccount: email } = question;
  const more =
    email === undefined || decision.outcome !== "accepted"
      ? []
      : impersonated(email, tokenCreators, decision.grant);
  return {
    target: ["provider", providerAudience(name).replace("//iam.googleapis.com/", "")],
    reports: [...explainExchange(facts, keyChecks), ...more],
    notes: [
      "Google was not asked: the files say what it has, and the order of its rules is ours.",
      ...(decision.outcome === "accepted" ? [`Policies know it as ${decision.grant.principal}.`] : []),
    ],
  };
}
