import type { CelType } from "./types.ts";
import { CelError, type CelValue, isList, isMap, type Spend, typeName } from "./value.ts";

function mismatch(name: string, values: readonly CelValue[]): CelError {
  return new CelError("evaluation", `${name}() is not for ${values.map(typeName).join(", ")}`);
}

const lengthOf = (text: string): bigint => BigInt(Array.from(text).length);

/** Upper and lower case of ASCII alone (cel-go, ext.Strings). */
const lowerAscii = (text: string): string => text.replaceAll(/[A-Z]+/gu, (part) => part.toLowerCase());
const upperAscii = (text: string): string => text.replaceAll(/[a-z]+/gu, (part) => part.toUpperCase());

/** Parts of a text as Go's strings.Split has them: by characters where the separator is empty. */
function split(text: string, separator: string): readonly string[] {
  return separator === "" ? Array.from(text) : text.split(separator);
}

/**
 * What stands in a text where a template has its one `{name}`: between the first place of what comes before, and the first
 * after it of what comes behind; empty where the template does not fit. Source:
 * https://cloud.google.com/iam/docs/conditions-attribute-reference#extract, whose examples are all that is known of it.
 */
function extract(text: string, template: string): string {
  const found = /^([^{}]*)\{[^{}]*\}([^{}]*)$/u.exec(template);
  if (found === null)
    throw new CelError("evaluation", `extract() has one {name} in its template, and ${template} has not`);
  const [, before = "", behind = ""] = found;
  const start = text.indexOf(before);
  if (start === -1) return "";
  const from = start + before.length;
  if (behind === "") return text.slice(from);
  const end = text.indexOf(behind, from);
  return end === -1 ? "" : text.slice(from, end);
}

type Method = (text: string, ...args: readonly string[]) => CelValue;

interface TextMethod {
  /** How many arguments it has, which are strings. */
  readonly args: number;
  readonly result: CelType;
  readonly call: Method;
}

/** Methods of strings. */
const textMethods: Readonly<Record<string, TextMethod>> = {
  contains: { args: 1, result: "bool", call: (text, part = "") => text.includes(part) },
  endsWith: { args: 1, result: "bool", call: (text, part = "") => text.endsWith(part) },
  extract: { args: 1, result: "string", call: (text, template = "") => extract(text, template) },
  lowerAscii: { args: 0, result: "string", call: lowerAscii },
  split: { args: 1, result: { list: "string" }, call: (text, separator = "") => split(text, separator) },
  startsWith: { args: 1, result: "bool", call: (text, part = "") => text.startsWith(part) },
  upperAscii: { args: 0, result: "string", call: upperAscii },
};

/** The type of what a function that `isFunction` has found gives. */
export const methodResult = (name: string): CelType => textMethods[name]?.result ?? "int";

function sizeOf(value: CelValue): bigint {
  if (typeof value === "string") return lengthOf(value);
  if (isList(value)) return BigInt(value.length);
  if (isMap(value)) return BigInt(Object.keys(value).length);
  throw mismatch("size", [value]);
}

/** Whether a function of that name with so many arguments is judged here; `target` is counted among them. */
export function isFunction(name: string, isMethod: boolean, count: number): boolean {
  if (name === "size") return count === 1;
  const method = Object.hasOwn(textMethods, name) ? textMethods[name] : undefined;
  return isMethod && method?.args === count - 1;
}

/** Calls a function that `isFunction` has found; a method's target comes first. Each character of a text is a step. Throws CelError. */
export function callFunction(name: string, values: readonly CelValue[], spend: Spend): CelValue {
  const [first = null, ...rest] = values;
  if (typeof first === "string") spend(first.length);
  if (name === "size") return sizeOf(first);
  const method = textMethods[name]?.call;
  const texts = values.filter((value) => typeof value === "string");
  const [text, ...args] = texts;
  if (method === undefined || text === undefined || args.length < rest.length) throw mismatch(name, values);
  return method(text, ...args);
}
