import { parsePolicy } from "./parse.ts";

/** What the statements of a policy do. */
export type PolicyEffects = "allow" | "deny" | "both";

/** Whether IAM would take a text as an identity policy in the present version. */
export function isReadable(text: string): boolean {
  try {
    parsePolicy(text, "identity");
    return true;
  } catch {
    // It throws what IAM would refuse, and nothing else.
    return false;
  }
}

/** Of an identity policy, as JSON text; one that cannot be read counts as what allows. */
export function policyEffects(text: string): PolicyEffects {
  try {
    const { statements } = parsePolicy(text, "identity");
    const effects = new Set(statements.map(({ effect }) => effect));
    return effects.size > 1 ? "both" : effects.has("Deny") ? "deny" : "allow";
  } catch {
    // It throws what IAM would refuse, and nothing else.
    return "allow";
  }
}
