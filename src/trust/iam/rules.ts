import type { Answer, Evidence } from "../sts/answer.ts";
import { sameText } from "../sts/answer.ts";
import { sources } from "../sts/sources.ts";

/** A rule of IAM about what it keeps, as the page of rules shows it. */
export interface IamRule {
  /** Stable: its conformance test is named after it, and decisions name it. */
  readonly name: string;
  readonly title: string;
  readonly sources: readonly string[];
  readonly evidence: Evidence;
  readonly note: string;
  readonly answer: Answer;
}

/** A trust policy for a shared issuer narrows whose tokens it means. Judged by `providerControlsRefusal`. */
export const providerControls: IamRule = {
  name: "shared-provider-controls",
  title:
    "A trust policy for an issuer that many organizations share says whose tokens it means: for GitHub Actions, by :sub.",
  sources: [sources.providerControls, "https://github.com/unfunco/terraform-aws-oidc-github/issues/57"],
  evidence: "documented",
  note: "Asked by CreateRole and UpdateAssumeRolePolicy only: a policy that was kept before goes on to work. The text is what a user was answered in 2024, for an enterprise's own path at GitHub's issuer. Inferred: that one value of wildcards alone among others is refused, that ForAnyValue, ForAllValues and IfExists count, and that a Deny is not looked at. One user reports that such a policy was kept, and refused by STS later. Of AWS's list of shared providers GitHub Actions is known here; the others are taken for private issuers.",
  answer: sameText(
    "a statement that allows names a shared provider without such a condition on its claim, or with wildcards alone as a value",
    "MalformedPolicyDocument",
    "Trust policy with trusted principal <principal> must evaluate, using StringEquals, StringLike or StringEqualsIgnoreCase, <key> which is not scoped to all.",
    { evidence: "reported" },
  ),
};

/** The rules of IAM about trust policies that have a page and a conformance file of their own. */
export const iamRules: readonly IamRule[] = [providerControls];
