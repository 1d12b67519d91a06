import { isOnlyWildcards } from "../condition/pattern.ts";
import { parseOperator } from "../condition/operator.ts";
import type { Statement } from "../language/document.ts";
import { PolicyError } from "../policy/error.ts";
import { providerUrlOf, sharedProviderOf } from "../policy/shared-provider.ts";
import { sameText } from "../sts/answer.ts";
import { sources } from "../sts/sources.ts";
import type { IamRule } from "./rule.ts";

const narrowing: ReadonlySet<string> = new Set(["StringEquals", "StringLike", "StringEqualsIgnoreCase"]);

function narrows({ conditions }: Statement, key: string): boolean {
  return conditions.some(
    (one) =>
      one.key.toLowerCase() === key.toLowerCase() &&
      [parseOperator(one.operator)].some((operator) => operator && narrowing.has(operator.name)) &&
      one.values.length > 0 &&
      !one.values.some(isOnlyWildcards),
  );
}

/** The principals of a statement that stand for all users of a shared provider, with the key that would narrow them. */
function openPrincipals(
  statement: Statement,
): readonly { readonly principal: string; readonly key: string }[] {
  if (statement.effect === "Deny") return [];
  return (statement.principals?.Federated ?? []).flatMap((principal) => {
    const url = providerUrlOf(principal);
    const shared = url === undefined ? undefined : sharedProviderOf(url);
    if (shared === undefined) return [];
    const key = `${url}:${shared.requiredClaim}`;
    return narrows(statement, key) ? [] : [{ principal, key }];
  });
}

const text =
  "Trust policy with trusted principal <principal> must evaluate, using StringEquals, StringLike or StringEqualsIgnoreCase, <key> which is not scoped to all.";

/** A trust policy for a shared issuer narrows whose tokens it accepts. */
export const providerControls: IamRule = {
  name: "shared-provider-controls",
  title:
    "A trust policy for an issuer that many organizations share says whose tokens it accepts: for GitHub Actions, by :sub.",
  sources: [sources.providerControls, "https://github.com/unfunco/terraform-aws-oidc-github/issues/57"],
  evidence: "documented",
  note: "Asked by CreateRole and UpdateAssumeRolePolicy only: a policy that was kept before still works. The text is what a user was answered in 2024, for an enterprise's own path at GitHub's issuer. Inferred: that one value of wildcards alone among others is refused, that ForAnyValue, ForAllValues and IfExists count, and that a Deny is not looked at. One user reports that such a policy was kept, and refused by STS later. Of AWS's list of shared providers GitHub Actions is known here; the others are taken for private issuers.",
  answer: sameText(
    "a statement that allows names a shared provider without such a condition on its claim, or with wildcards alone as a value",
    "MalformedPolicyDocument",
    text,
    { evidence: "reported" },
  ),
  check(document) {
    const [found] = document.statements.flatMap((statement, index) =>
      openPrincipals(statement).map((open) => ({ ...open, at: `statement ${index + 1}` })),
    );
    if (found === undefined) return undefined;
    const { principal, key, at } = found;
    return new PolicyError(
      "trust",
      text.replace("<principal>", () => principal).replace("<key>", () => key),
      at,
    );
  },
};
