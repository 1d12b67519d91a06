import type { Condition, PolicyVersion } from "../language/document.ts";
import type { ContextKeys } from "./context.ts";
import { type ConditionOperator, operators, parseOperator } from "./operator.ts";
import { matchesPattern, type Pattern, patternOf } from "./pattern.ts";
import { expandValue, variablesOf } from "./variable.ts";

/** Whether one line of a Condition block holds, and why. */
export interface ConditionResult {
  /** Undefined: it depends on a key that is not known yet. */
  readonly holds: boolean | undefined;
  readonly because: string;
  /** The unknown keys on which it depends, if any. */
  readonly dependsOn?: readonly string[];
}

export interface ConditionScope {
  readonly version: PolicyVersion;
  readonly keys: ContextKeys;
}

type OperatorFacts = NonNullable<ReturnType<typeof operators.get>>;

function list(values: readonly string[]): string {
  return values.length === 0 ? "nothing" : values.map((value) => JSON.stringify(value)).join(" or ");
}

function isNull(condition: Condition, keys: ContextKeys): ConditionResult {
  const missing = keys.values(condition.key) === undefined;
  const wanted = condition.values.map((value) => value.toLowerCase());
  return {
    holds: wanted.includes(String(missing)),
    because: `Null asks for ${condition.key} to be ${wanted.includes("true") ? "absent" : "there"}, and it is ${missing ? "absent" : "there"}`,
  };
}

/** What a missing key means (IAM User Guide, "Condition operators" and "Single-valued vs. multivalued"). */
function withoutKey(
  condition: Condition,
  operator: ConditionOperator,
  facts: OperatorFacts,
  keys: ContextKeys,
): ConditionResult {
  const like = keys.like(condition.key);
  const other = like === undefined ? "" : `; it has ${like}`;
  const missing = `the request has no ${condition.key}${other}`;
  const holds =
    operator.ifExists || operator.set === "ForAllValues" || (facts.negated && operator.set === undefined);
  return {
    holds,
    because: holds
      ? `${condition.operator} holds because ${missing}`
      : `${condition.operator} asks for ${condition.key}, and ${missing}`,
  };
}

/** Why a value that looks right does not match. */
function hint(operator: ConditionOperator, wanted: readonly string[], actual: readonly string[]): string {
  const fold = (text: string): string => text.toLowerCase();
  const isString = operator.name.startsWith("StringEquals");
  if (wanted.some((one) => actual.some((other) => one !== other && fold(one) === fold(other)))) {
    return "; they differ in upper and lower case, which counts";
  }
  const asPattern = wanted.some((one) => actual.some((other) => matchesPattern(patternOf(one), other)));
  if (isString && asPattern) {
    return `; ${operator.name} takes * and ? as these very characters, StringLike takes them as wildcards`;
  }
  return "";
}

function holdsFor(
  operator: ConditionOperator,
  facts: OperatorFacts,
  patterns: readonly Pattern[],
  actual: readonly string[],
): boolean {
  const fits = (value: string): boolean => patterns.some((pattern) => facts.fits(pattern, value));
  const good = (value: string): boolean => fits(value) !== facts.negated;
  if (operator.set === "ForAllValues") return actual.every(good);
  if (operator.set === "ForAnyValue") return actual.some(good);
  // Several values without a set operator: one that fits is enough, and enough to break a negated operator.
  return actual.some(fits) !== facts.negated;
}

/** For set operators an empty text is as good as none. */
function isEmptySet(operator: ConditionOperator, actual: readonly string[]): boolean {
  return actual.length === 0 || (operator.set !== undefined && actual.every((value) => value === ""));
}

/** The keys of the condition and of its policy variables whose values are not known yet. */
function unknownIn({ key, values }: Condition, { version, keys }: ConditionScope): readonly string[] {
  const variables = version === "2012-10-17" ? values.flatMap(variablesOf) : [];
  return [...new Set([key, ...variables])].filter((name) => keys.isUnknown(name));
}

/** Judges one line of a Condition block. */
export function judgeCondition(condition: Condition, scope: ConditionScope): ConditionResult {
  const operator = parseOperator(condition.operator);
  const unknown = unknownIn(condition, scope);
  if (unknown.length > 0) {
    const because = `${condition.operator} asks ${condition.key} for ${list(condition.values)}, which depends on ${unknown.join(" and ")} of the call itself`;
    return { holds: undefined, because, dependsOn: unknown };
  }
  if (operator?.name === "Null") return isNull(condition, scope.keys);
  const facts = operators.get(operator?.name ?? "");
  // A document that was parsed has none of these.
  if (operator === undefined || facts === undefined)
    throw new TypeError(`no condition operator: ${condition.operator}`);
  const actual = scope.keys.values(condition.key);
  if (actual === undefined || isEmptySet(operator, actual)) {
    return withoutKey(condition, operator, facts, scope.keys);
  }
  const read = (value: string): Pattern | undefined =>
    facts.variables ? expandValue(value, scope.version, scope.keys) : patternOf(value);
  const patterns = condition.values.map(read).filter((pattern) => pattern !== undefined);
  const holds = holdsFor(operator, facts, patterns, actual);
  const says = `${condition.operator} asks ${condition.key} for ${list(condition.values)}, and it is ${list(actual)}`;
  return { holds, because: holds ? says : `${says}${hint(operator, condition.values, actual)}` };
}
