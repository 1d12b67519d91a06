import { X509Certificate } from "node:crypto";
import { isRecord, nearest, PodtrustError } from "../../core/base/index.ts";
import type { ConnectTo } from "../../core/http/index.ts";

/** Throws `usage` for a value that cannot be; `at` names the value: `startSandbox: port`. */
export type Form = (value: unknown, at: string) => void;

/** The form of each member, so that the compiler asks for a new one. */
export type Forms<Members> = { readonly [Name in keyof Members]-?: Form };

/** Where a caller of the library reads on; the code's own sentence is for command lines. */
const page = "See what it takes in docs/reference/sandbox-library.md, which is in the package.";

function refuse(message: string, next = page): never {
  throw new PodtrustError("usage", message, { next });
}

/** A value in a sentence. Texts are not shown where they may be secrets. */
function shown(value: unknown): string {
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? typeof value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** A form by what it is called in a sentence and by a test. */
export function form(what: string, is: (value: unknown) => boolean): Form {
  return (value, at) => {
    if (!is(value)) refuse(`${at} is not ${what}`);
  };
}

const isFilled = (value: unknown): value is string => typeof value === "string" && value !== "";

/** A text that is not empty. */
export const text: Form = form("a text that has a character", isFilled);
/** A text that may be empty. */
export const anyText: Form = form("a text", (value) => typeof value === "string");
export const texts: Form = form(
  "a list of texts that have characters",
  (value) => Array.isArray(value) && value.every(isFilled),
);
/** A path, which no system takes with a NUL. */
export const path: Form = form("a path", (value) => isFilled(value) && !value.includes("\0"));
export const flag: Form = form("true or false", (value) => typeof value === "boolean");
export const callback: Form = form("a function", (value) => typeof value === "function");
/** An object whose members are not looked at. */
export const anyObject: Form = form("an object", isRecord);

/** A number with bounds, as a sentence calls it. */
function numeric(what: string, is: (value: number) => boolean): Form {
  return (value, at) => {
    if (typeof value !== "number") refuse(`${at} is not ${what}`);
    if (!is(value)) refuse(`${at} is ${shown(value)}, which is not ${what}`);
  };
}

export const port: Form = numeric(
  "a port: a whole number from 0, for any free one, to 65535",
  (value) => Number.isInteger(value) && value >= 0 && value <= 65_535,
);
/** As long as a clock moves forward at the most; longer is no date any more. */
const maxMs = 10 * 365 * 86_400_000;
export const milliseconds: Form = numeric(
  "a time in milliseconds, from 0 to ten years",
  (value) => value >= 0 && value <= maxMs,
);
export const rate: Form = numeric("a rate between 0 and 1", (value) => value >= 0 && value <= 1);
/** NaN and infinity, too: what takes them further refuses them in its own words. */
export const number: Form = form("a number", (value) => typeof value === "number");
export const finite: Form = numeric("a number", Number.isFinite);

/** A whole number, from the least to the largest one. */
export function whole(least: number, largest: number = Number.MAX_SAFE_INTEGER): Form {
  const bounds = largest === Number.MAX_SAFE_INTEGER ? `${least} or more` : `from ${least} to ${largest}`;
  return numeric(
    `a whole number, ${bounds}`,
    (value) => Number.isSafeInteger(value) && value >= least && value <= largest,
  );
}

/** One of some words. */
export function oneOf(words: readonly string[]): Form {
  return (value, at) => {
    if (words.some((word) => word === value)) return;
    const near = typeof value === "string" ? nearest(value, words) : undefined;
    refuse(
      `${at} is ${shown(value)}, which is none of ${words.join(", ")}`,
      near === undefined ? undefined : `Did you mean ${near}?`,
    );
  };
}

/** A list whose members have a form. */
export function listOf(one: Form): Form {
  return (value, at) => {
    if (!Array.isArray(value)) refuse(`${at} is not a list`);
    for (const [index, member] of value.entries()) one(member, `${at}[${index}]`);
  };
}

/** An object of any names whose members have a form. */
export function recordOf(one: Form): Form {
  return (value, at) => {
    if (!isRecord(value)) refuse(`${at} is not an object`);
    for (const [name, member] of Object.entries(value)) one(member, below(at, name));
  };
}

/** Either of two forms: the first where the test says so. */
export function either(isFirst: (value: unknown) => boolean, first: Form, second: Form): Form {
  return (value, at) => (isFirst(value) ? first : second)(value, at);
}

function below(at: string, name: string): string {
  return `${at}${at.includes(": ") ? "." : ": "}${name.slice(0, 100)}`;
}

/** A member that is none of the known ones, and what to write in its place; undefined if there is none. */
export function unknownMember(
  given: object,
  known: readonly string[],
): { readonly name: string; readonly next: string } | undefined {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return undefined;
  const near = nearest(unknown, known);
  const next = near === undefined ? `It has ${known.join(", ")}.` : `Did you mean ${near}?`;
  return { name: unknown.slice(0, 100), next };
}

function checkKnown(given: object, forms: Readonly<Record<string, Form>>, at: string): void {
  for (const [name, one] of Object.entries(forms)) {
    const value: unknown = Object.hasOwn(given, name) ? Reflect.get(given, name) : undefined;
    if (value !== undefined) one(value, below(at, name));
  }
}

/** An object with these members and no other; what is undefined is absent. */
export function members<Members>(
  forms: Forms<Members>,
  needed: readonly (keyof Members & string)[] = [],
): Form {
  return (value, at) => {
    if (!isRecord(value)) refuse(`${at} is not an object`);
    const unknown = unknownMember(value, Object.keys(forms));
    if (unknown !== undefined) refuse(`${at} has no ${unknown.name}`, unknown.next);
    const absent = needed.find((name) => value[name] === undefined);
    if (absent !== undefined) refuse(`${at} lacks ${absent}`);
    checkKnown(value, forms, at);
  };
}

/** An object with these functions, and maybe more: a clock, a logger. */
function having(what: string, ...functions: readonly string[]): Form {
  return form(
    `${what}: an object with the functions ${functions.join(", ")}`,
    (value) =>
      typeof value === "object" &&
      value !== null &&
      functions.every((name) => typeof Reflect.get(value, name) === "function"),
  );
}

export const clock: Form = having("a clock", "now", "elapsed", "sleep");
export const logger: Form = having("a logger", "debug", "info", "warn", "error", "child");

/** Certificates as PEM. */
export const certificates: Form = form("PEM certificates", (value) => {
  try {
    return isFilled(value) && new X509Certificate(value).raw.length > 0;
  } catch {
    return false;
  }
});

const target: Form = members({
  host: anyText,
  port: whole(1, 65_535),
  address: anyText,
  toPort: whole(1, 65_535),
} satisfies Forms<ConnectTo>);
/** Rules that stand in for public DNS. */
export const connectTo: Form = listOf(target);
