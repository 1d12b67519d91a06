import { inBlock } from "./address.ts";
import { matchesArn, matchesPattern, patternText, type Pattern } from "./pattern.ts";

/** A decimal number as policies write them; undefined for everything else. */
function numberOf(value: string): number | undefined {
  return /^[+-]?\d+(?:\.\d+)?$/u.test(value.trim()) ? Number(value) : undefined;
}

// W3C date and time formats, a profile of ISO 8601, as IAM's date operators take them.
const date = /^\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)?)?$/u;

/** A point in time in milliseconds since the epoch: a W3C date, or seconds since the epoch in digits. */
function timeOf(value: string): number | undefined {
  const trimmed = value.trim();
  if (date.test(trimmed)) {
    const time = Date.parse(trimmed);
    return Number.isNaN(time) ? undefined : time;
  }
  return /^-?\d{5,15}(?:\.\d+)?$/u.test(trimmed) ? Number(trimmed) * 1000 : undefined;
}

/** Whether one value of the request fits one value of the policy. */
type Fits = (wanted: Pattern, actual: string) => boolean;

interface OperatorFacts {
  readonly fits: Fits;
  /** True for the Not… operators: they hold when nothing fits, and also when the key is missing. */
  readonly negated: boolean;
  /** Policy variables are replaced in its values. */
  readonly variables: boolean;
}

function text(test: (wanted: string, actual: string) => boolean): Fits {
  return (wanted, actual) => test(patternText(wanted), actual);
}

/** Compares what both texts stand for; texts that stand for nothing fit nothing. */
function values(
  read: (text: string) => number | undefined,
  test: (actual: number, wanted: number) => boolean,
): Fits {
  return text((wanted, actual) => {
    const [a, b] = [read(actual), read(wanted)];
    return a !== undefined && b !== undefined && test(a, b);
  });
}

/** The bytes of base64 text, one character each; six bits that make no byte are dropped. */
function bytes(base64: string): string | undefined {
  const [, digits] = /^([A-Za-z0-9+/]*)={0,2}$/u.exec(base64) ?? [];
  return digits === undefined ? undefined : atob(digits.length % 4 === 1 ? digits.slice(0, -1) : digits);
}

const equals = text((wanted, actual) => wanted === actual);
const equalsIgnoreCase = text((wanted, actual) => wanted.toLowerCase() === actual.toLowerCase());
const sameBytes = text((wanted, actual) => {
  const [a, b] = [bytes(wanted), bytes(actual)];
  return a !== undefined && a === b;
});
const comparisons: readonly [string, (actual: number, wanted: number) => boolean][] = [
  ["LessThan", (a, b) => a < b],
  ["LessThanEquals", (a, b) => a <= b],
  ["GreaterThan", (a, b) => a > b],
  ["GreaterThanEquals", (a, b) => a >= b],
];

const plain = (fits: Fits): OperatorFacts => ({ fits, negated: false, variables: false });
const negated = (fits: Fits): OperatorFacts => ({ fits, negated: true, variables: false });
const withVariables = (facts: OperatorFacts): OperatorFacts => ({ ...facts, variables: true });

function ordered(kind: string, read: (text: string) => number | undefined): [string, OperatorFacts][] {
  const same = values(read, (a, b) => a === b);
  return [
    [`${kind}Equals`, plain(same)],
    [`${kind}NotEquals`, negated(same)],
    ...comparisons.map(([name, test]): [string, OperatorFacts] => [
      `${kind}${name}`,
      plain(values(read, test)),
    ]),
  ];
}

/** All condition operators but Null (IAM User Guide, "IAM JSON policy elements: Condition operators"). */
export const operators: ReadonlyMap<string, OperatorFacts> = new Map([
  ["StringEquals", withVariables(plain(equals))],
  ["StringNotEquals", withVariables(negated(equals))],
  ["StringEqualsIgnoreCase", withVariables(plain(equalsIgnoreCase))],
  ["StringNotEqualsIgnoreCase", withVariables(negated(equalsIgnoreCase))],
  ["StringLike", withVariables(plain(matchesPattern))],
  ["StringNotLike", withVariables(negated(matchesPattern))],
  ...ordered("Numeric", numberOf),
  ...ordered("Date", timeOf),
  ["Bool", plain(equalsIgnoreCase)],
  ["BinaryEquals", plain(sameBytes)],
  ["IpAddress", plain(text(inBlock))],
  ["NotIpAddress", negated(text(inBlock))],
  // ArnEquals and ArnLike do the same.
  ["ArnEquals", withVariables(plain(matchesArn))],
  ["ArnLike", withVariables(plain(matchesArn))],
  ["ArnNotEquals", withVariables(negated(matchesArn))],
  ["ArnNotLike", withVariables(negated(matchesArn))],
]);

/** A condition operator, taken apart. */
export interface ConditionOperator {
  readonly set: "ForAnyValue" | "ForAllValues" | undefined;
  /** `StringLike`, `Null`. */
  readonly name: string;
  readonly ifExists: boolean;
}

/** Reads `ForAnyValue:StringLikeIfExists`; undefined for what IAM does not know. */
export function parseOperator(written: string): ConditionOperator | undefined {
  const match = /^(?:(ForAnyValue|ForAllValues):)?([A-Za-z]+?)(IfExists)?$/u.exec(written);
  if (match === null) return undefined;
  const set = match[1] as ConditionOperator["set"];
  const name = match[2] as string;
  const ifExists = match[3] !== undefined;
  if (name === "Null") return ifExists || set !== undefined ? undefined : { set, name, ifExists };
  return operators.has(name) ? { set, name, ifExists } : undefined;
}
