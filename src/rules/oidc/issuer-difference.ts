import { shown } from "./document.ts";
import { canonicalIssuer } from "./issuer-parts.ts";

/** How two issuers that must be the same string differ. */
export interface IssuerDifference {
  readonly kind: "white-space" | "trailing-slash" | "scheme" | "default-port" | "case" | "other";
  /** Index of the first byte (UTF-8) in which they differ. */
  readonly at: number;
  /** A sentence with both strings and what sets them apart. */
  readonly message: string;
}

export interface IssuerNames {
  /** What the first is: `the provider in IAM`. */
  readonly expected: string;
  /** What the second is: `iss of the token`. */
  readonly actual: string;
}

const slashless = (text: string): string => text.replace(/(?<!\/)\/+$/u, "");
const schemeless = (text: string): string => text.replace(/^[a-z]*:\/\//iu, "");

const kinds: readonly [
  IssuerDifference["kind"],
  (a: string, b: string) => boolean,
  (a: string, b: string) => string,
][] = [
  ["white-space", (a, b) => a.trim() === b.trim(), () => "they differ in white space around them only"],
  [
    "trailing-slash",
    (a, b) => slashless(a) === slashless(b),
    (a, b) =>
      `the ${a.length > b.length ? "first" : "second"} ends in a slash and the other does not, which makes two issuers of them`,
  ],
  ["scheme", (a, b) => schemeless(a) === schemeless(b), () => "they differ in what stands before ://"],
  [
    "default-port",
    (a, b) => canonicalIssuer(a) === canonicalIssuer(b) && a.includes(":443") !== b.includes(":443"),
    () => "one carries :443, which is the same server and yet another issuer",
  ],
  [
    "case",
    (a, b) => a.toLowerCase() === b.toLowerCase(),
    () => "they differ in upper and lower case, which counts",
  ],
  ["other", () => true, () => "they are different issuers"],
];

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index += 1) if (a[index] !== b[index]) return index;
  return shorter;
}

function byteAt(bytes: Uint8Array, index: number): string {
  const byte = bytes[index];
  return byte === undefined ? "its end" : `0x${byte.toString(16).padStart(2, "0")}`;
}

/**
 * Says how two issuers differ, which AWS compares byte by byte; undefined when they are the same.
 */
export function issuerDifference(
  expected: string,
  actual: string,
  names: IssuerNames = { expected: "expected", actual: "actual" },
): IssuerDifference | undefined {
  if (expected === actual) return undefined;
  const utf8 = new TextEncoder();
  const [a, b] = [utf8.encode(expected), utf8.encode(actual)];
  const at = firstDifference(a, b);
  // The last kind fits everything.
  const [kind, , why] = kinds.find(([, fits]) => fits(expected, actual)) as (typeof kinds)[number];
  const where = `byte ${at}: ${byteAt(a, at)} against ${byteAt(b, at)}`;
  return {
    kind,
    at,
    message: `${names.expected} is ${shown(expected)}, ${names.actual} is ${shown(actual)}: ${why(expected, actual)} (${where})`,
  };
}
