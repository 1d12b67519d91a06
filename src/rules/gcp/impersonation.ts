import { lengthText } from "../../core/base/index.ts";
import {
  accepted,
  explainBy,
  refusedWith,
  type Rule,
  type RuleReport,
  type VendorAnswer,
  type VendorRefusal,
} from "../judge/index.ts";
import type { ImpersonationFacts } from "./facts.ts";
import { sources } from "./sources.ts";

type ImpersonationRule = Rule<ImpersonationFacts, object, VendorRefusal, VendorAnswer>;

const tooShort: VendorAnswer = {
  when: "lifetime is 0s or less",
  code: "INVALID_ARGUMENT",
  status: 400,
  text: "Lifetime of access token must be larger then zero.",
  evidence: "observed",
};

const tooLong: VendorAnswer = {
  when: "lifetime is more than an hour, and no organisation policy allows it",
  code: "INVALID_ARGUMENT",
  status: 400,
  text: "You can not have lifetimes of more than 1 hour. Use the Org Policy Constraint constraints/iam.allowServiceAccountCredentialLifetimeExtension to allow up to 12 hours.",
  evidence: "observed",
};

const lifetime: ImpersonationRule = {
  name: "lifetime-bounds",
  title:
    "The access token's lifetime is more than nothing, and at most an hour, or what the organisation allows.",
  sources: [sources.credentials, sources.measured],
  evidence: "observed",
  note: "The beginning of the second text was not published; You is ours.",
  answers: [tooShort, tooLong],
  needs: [],
  check({ lifetime: seconds, maxLifetime }) {
    const next = `Ask for a lifetime of 1s to ${maxLifetime}s.`;
    if (seconds <= 0) return refusedWith(tooShort, { why: `a lifetime of ${seconds}s is asked for`, next });
    if (seconds > maxLifetime)
      return refusedWith(tooLong, {
        why: `a lifetime of ${lengthText(seconds * 1000)} is asked for, and ${lengthText(maxLifetime * 1000)} is allowed`,
        next,
      });
    return accepted(`for ${lengthText(seconds * 1000)}`);
  },
};

const denied: VendorAnswer = {
  when: "no role of the service account's policy lets the identity in, or the account is disabled or does not exist",
  code: "PERMISSION_DENIED",
  status: 403,
  text: "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
  evidence: "reported",
};

const permission: ImpersonationRule = {
  name: "impersonation-permitted",
  title: "The service account's policy gives the identity roles/iam.workloadIdentityUser.",
  sources: [sources.kubernetes, sources.credentials, sources.reports],
  evidence: "documented",
  note: "A member that was just written counts after about 70 seconds, and one that was taken away counts for about 90 more. That a disabled account gets this text is inferred.",
  answers: [denied],
  needs: [],
  check({ email, members, account }) {
    const member = account?.tokenCreators.find((one) => members.includes(one));
    if (account !== undefined && !account.disabled && member !== undefined)
      return accepted(`let in as ${member}`);
    const [own = ""] = members;
    const gke = account?.tokenCreators.find(
      (one) => one.startsWith("serviceAccount:") && one.includes(".svc.id.goog["),
    );
    const why =
      account === undefined
        ? `there is no service account ${email}`
        : account.disabled
          ? `the service account ${email} is disabled`
          : gke === undefined
            ? `no member of ${email} is ${own}`
            : `${email} has the member ${gke}, which means a cluster of GKE, and not ${own}`;
    return refusedWith(denied, {
      why,
      next: `gcloud iam service-accounts add-iam-policy-binding ${email} --role=roles/iam.workloadIdentityUser --member='${own}', or let podtrust up do it; then wait about 70 seconds.`,
    });
  },
};

/** The rules by which a service account's access token is given to a federated identity, in the order in which they are asked. */
export const impersonationRules: readonly ImpersonationRule[] = [lifetime, permission];

/** Rule by rule, what IAM Credentials would find. */
export function explainImpersonation(facts: ImpersonationFacts): readonly RuleReport<VendorRefusal>[] {
  return explainBy(impersonationRules, facts);
}
