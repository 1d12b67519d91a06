import { isRecord } from "../../../core/base/index.ts";

/** A value of CEL: JSON's, with integers apart from doubles as `bigint`. */
export type CelValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly CelValue[]
  | { readonly [key: string]: CelValue };

/**
 * Why an expression has no value: `parse`, `type` and `unsupported` are the expression's own fault and known before any
 * token; `evaluation` is what came of this token.
 */
export type CelFault = "evaluation" | "parse" | "type" | "unsupported";

/** What CEL says of an expression that has no value. */
export class CelError extends Error {
  override readonly name = "CelError";
  readonly fault: CelFault;

  constructor(fault: CelFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

export const isMap = (value: CelValue): value is { readonly [key: string]: CelValue } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isList = (value: CelValue): value is readonly CelValue[] => Array.isArray(value);

const isNumber = (value: CelValue): value is bigint | number =>
  typeof value === "bigint" || typeof value === "number";

/** The name of a value's type, as CEL writes it. */
export function typeName(value: CelValue): string {
  if (value === null) return "null_type";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number") return "double";
  if (typeof value === "string") return "string";
  return isList(value) ? "list" : "map";
}

/** A JSON value as CEL's: a whole number is an int. */
export function celValue(json: unknown): CelValue {
  if (typeof json === "number") return Number.isSafeInteger(json) ? BigInt(json) : json;
  if (Array.isArray(json)) return json.map(celValue);
  if (isRecord(json)) {
    // Without a prototype: a claim called __proto__ is a key like any other.
    const map = Object.create(null) as Record<string, CelValue>;
    for (const [key, value] of Object.entries(json)) map[key] = celValue(value);
    return map;
  }
  return typeof json === "string" || typeof json === "boolean" ? json : null;
}

/** The value of a map's own key. */
export function entryOf(map: { readonly [key: string]: CelValue }, key: string): CelValue | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** Takes so many of the steps that are left. Throws CelError where there are not so many. */
export type Spend = (steps: number) => void;

/**
 * Equality over all types: ints and doubles by value, and values of two types are not equal (cel-spec, "Equality"). Each
 * comparison is a step: a list that holds another twice, and so on, has more elements than were ever made.
 */
export function areEqual(a: CelValue, b: CelValue, spend: Spend): boolean {
  spend(1);
  // An int and a double are compared by value, which the operator does for bigint and number alone.
  // oxlint-disable-next-line eqeqeq
  if (isNumber(a) && isNumber(b)) return a == b;
  if (isList(a) && isList(b))
    return a.length === b.length && a.every((one, index) => areEqual(one, b[index] as CelValue, spend));
  if (isMap(a) && isMap(b)) {
    const entries = Object.entries(a);
    if (entries.length !== Object.keys(b).length) return false;
    return entries.every(([key, value]) => {
      const other = entryOf(b, key);
      return other !== undefined && areEqual(value, other, spend);
    });
  }
  return a === b;
}

/** The order of strings by code point, which is that of their bytes in UTF-8; JavaScript's own is by UTF-16. */
function compareText(a: string, b: string, spend: Spend): number {
  spend(a.length + b.length);
  const encoder = new TextEncoder();
  const [bytes, others] = [encoder.encode(a), encoder.encode(b)];
  const at = bytes.findIndex((byte, index) => byte !== others[index]);
  return at === -1 ? bytes.length - others.length : (bytes[at] as number) - (others[at] ?? -1);
}

/** Less, equal or greater than 0; undefined where the two have no order. */
export function order(a: CelValue, b: CelValue, spend: Spend): number | undefined {
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === "string" && typeof b === "string") return compareText(a, b, spend);
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  return undefined;
}
