import { checkFunctions, type CelVariables, evaluateExpression } from "./evaluate.ts";
import { parseExpression } from "./parse.ts";
import { CelError, type CelValue } from "./value.ts";

export type { CelVariables } from "./evaluate.ts";
export { CelError, type CelFault, type CelValue, celValue, typeName } from "./value.ts";

/** An expression that can be evaluated for one token after another. */
export interface CelExpression {
  readonly text: string;
  /** Its value. Throws CelError `evaluation`. */
  evaluate(variables: CelVariables): CelValue;
}

/**
 * Reads an expression in the part of CEL that attribute mappings and conditions are written in: members, indexes, `has()`,
 * comparisons, `in`, `&&`, `||`, `!`, `?:`, `+` of strings and lists, the macros of lists, and a few functions of strings.
 * Throws CelError: `parse` where it is no CEL, `unsupported` where it is, and is not judged here.
 */
export function celExpression(text: string): CelExpression {
  const expression = parseExpression(text);
  checkFunctions(expression);
  return { text, evaluate: (variables) => evaluateExpression(expression, variables) };
}

/** The value of an expression with these values, or why it has none. */
export function celResult(text: string, variables: CelVariables): CelValue | CelError {
  try {
    return celExpression(text).evaluate(variables);
  } catch (error) {
    if (error instanceof CelError) return error;
    throw error;
  }
}
