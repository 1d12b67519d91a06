import type { PolicyDocument } from "../language/document.ts";
import type { PolicyError } from "../policy/error.ts";
import { providerControls } from "./provider-controls.ts";
import type { IamRule } from "./rule.ts";

/** What IAM asks of a trust policy whose grammar is right, when a role is made and when its trust policy is changed. */
export const iamRules: readonly IamRule[] = [providerControls];

/** IAM's refusal to keep a trust policy, and the rule that made it; undefined where it keeps it. */
export function trustPolicyRefusal(
  document: PolicyDocument,
): { readonly rule: string; readonly error: PolicyError } | undefined {
  for (const { name, check } of iamRules) {
    const error = check(document);
    if (error !== undefined) return { rule: name, error };
  }
  return undefined;
}
