import { checkTypes } from "./check.ts";
import { checkFunctions, type CelVariables, evaluateExpression } from "./evaluate.ts";
import { parseExpression } from "./parse.ts";
import { CelError, type CelValue } from "./value.ts";

export type { CelVariables } from "./evaluate.ts";
export { CelError, type CelFault, type CelValue, celValue, typeName } from "./value.ts";

/**
 * What Google's expressions may read (IAM API, `attributeMapping` and `attributeCondition` of
 * projects.locations.workloadIdentityPools.providers).
 */
export const expressionNames = {
  mapping: ["assertion"],
  condition: ["assertion", "google", "attribute"],
} as const;

/** An expression that can be evaluated for one token after another. */
export interface CelExpression {
  readonly text: string;
  /** Its value. Throws CelError `evaluation`. */
  evaluate(variables: CelVariables): CelValue;
}

/**
 * Reads an expression in the part of CEL that attribute mappings and conditions are written in: members, indexes, `has()`,
 * comparisons, `in`, `&&`, `||`, `!`, `?:`, `+` of strings, numbers and lists, the macros of lists, and a few functions of
 * strings. `names`: what it may read. Throws CelError: `parse` where it is no CEL, `type` where it can have no value whatever
 * a token says, `unsupported` where it is CEL and not judged here.
 */
export function celExpression(text: string, names: readonly string[]): CelExpression {
  const expression = parseExpression(text);
  checkFunctions(expression);
  checkTypes(expression, names);
  return { text, evaluate: (variables) => evaluateExpression(expression, variables) };
}

/** The value of an expression with these values, or why it has none. */
export function celResult(text: string, variables: CelVariables): CelValue | CelError {
  try {
    return celExpression(text, Object.keys(variables)).evaluate(variables);
  } catch (error) {
    if (error instanceof CelError) return error;
    throw error;
  }
}
