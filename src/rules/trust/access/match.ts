import type { ContextKeys } from "../condition/context.ts";
import { arnParts, matchesArn, matchesPattern, patternOf } from "../condition/pattern.ts";
import { expandValue } from "../condition/variable.ts";
import type { PolicyVersion, Principals } from "../language/document.ts";
import type { Principal } from "../language/request.ts";

/** Action names are compared without regard to case. */
export function matchesAction(patterns: readonly string[], action: string): boolean {
  const name = action.toLowerCase();
  return patterns.some((pattern) => matchesPattern(patternOf(pattern.toLowerCase()), name));
}

/**
 * Whether a resource matches: `*`, or an ARN compared part by part. A shorter pattern (`arn:aws:s3*`) is compared as a
 * whole. A variable that the request has no value for matches nothing.
 */
export function matchesResource(
  patterns: readonly string[],
  resource: string,
  scope: { readonly version: PolicyVersion; readonly keys: ContextKeys },
): boolean {
  return patterns.some((text) => {
    const pattern = expandValue(text, scope.version, scope.keys);
    if (pattern === undefined) return false;
    return arnParts(pattern) === undefined
      ? matchesPattern(pattern, resource)
      : matchesArn(pattern, resource);
  });
}

const root = /^arn:[^:]+:iam::(\d{12}):root$/u;

/** The account that a value of Principal.AWS names as a whole. */
function accountOf(value: string): string | undefined {
  return /^\d{12}$/u.test(value) ? value : root.exec(value)?.[1];
}

/**
 * Whether a principal matches. `"*"` by itself is any principal, and `{AWS: "*"}` any of its kind, which excludes the
 * users of an OIDC provider. Other wildcards do not count here.
 */
export function matchesPrincipal(principals: Principals, principal: Principal | undefined): boolean {
  if (principal === undefined) return false;
  if (principals["*"] !== undefined) return true;
  const values = principals[principal.type] ?? [];
  return values.some((value) => {
    if (value === "*" || principal.ids.includes(value)) return true;
    return (
      principal.type === "AWS" && principal.account !== undefined && accountOf(value) === principal.account
    );
  });
}
