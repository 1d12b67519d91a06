import { canonicalPolicy, PolicyError, policyText, readPolicy } from "../../rules/trust/index.ts";

type Kind = "trust" | "identity";

/**
 * A policy in canonical form, as text: AWS rewrites documents (order, single values as lists), which is no difference.
 * What our parser does not accept is returned as it is, and so differs from anything that it does.
 */
export function canonicalText(text: string, kind: Kind): string {
  const read = readPolicy(text, kind);
  return read instanceof PolicyError ? text : policyText(canonicalPolicy(read));
}

/** Whether two documents mean the same. */
export function samePolicy(a: string, b: string, kind: Kind): boolean {
  return a === b || canonicalText(a, kind) === canonicalText(b, kind);
}
