import { isOnlyWildcards } from "../condition/pattern.ts";
import { parseOperator } from "../condition/operator.ts";
import type { PolicyDocument, Statement } from "../policy/document.ts";
import { PolicyError } from "../policy/error.ts";
import { providerUrlOf, sharedProviderOf } from "../policy/shared-provider.ts";
import { providerControls } from "./rules.ts";

const narrowing: ReadonlySet<string> = new Set(["StringEquals", "StringLike", "StringEqualsIgnoreCase"]);

function narrows({ conditions }: Statement, key: string): boolean {
  return conditions.some(
    (one) =>
      one.key.toLowerCase() === key.toLowerCase() &&
      narrowing.has(parseOperator(one.operator)?.name ?? "") &&
      one.values.length > 0 &&
      !one.values.some(isOnlyWildcards),
  );
}

/** The principals of a statement that stand for everybody of a shared provider, with the key that would narrow them. */
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

/** IAM's refusal to keep a trust policy that lets in everybody of a shared provider; undefined where it would keep it. */
export function providerControlsRefusal(document: PolicyDocument): PolicyError | undefined {
  const [found] = document.statements.flatMap((statement, index) =>
    openPrincipals(statement).map((open) => ({ ...open, at: `statement ${index + 1}` })),
  );
  if (found === undefined) return undefined;
  const { principal, key, at } = found;
  const text = providerControls.answer.texts["2026"];
  return new PolicyError(
    "trust",
    text.replace("<principal>", () => principal).replace("<key>", () => key),
    at,
  );
}
