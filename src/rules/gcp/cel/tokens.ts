import { CelError } from "./value.ts";

/** A token of an expression, with its place in the text. */
export type CelToken = { readonly at: number } & (
  | { readonly kind: "name" | "operator" | "string"; readonly text: string }
  | { readonly kind: "int"; readonly value: bigint }
  | { readonly kind: "double"; readonly value: number }
  | { readonly kind: "end" }
);

const operators = ["&&", "||", "==", "!=", "<=", ">=", ...Array.from("<>!?:.,()[]{}+-*/%")] as const;

const escapes: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "?": "?",
  '"': '"',
  "'": "'",
  "`": "`",
};

/** Digits after an escape's letter, and their base: `\x41`, `\u0041`, `\U00000041`, `\101`. */
const numbered: Readonly<Record<string, readonly [digits: number, base: number]>> = {
  x: [2, 16],
  X: [2, 16],
  u: [4, 16],
  U: [8, 16],
};

function fault(at: number, what: string): CelError {
  return new CelError("parse", `at character ${at + 1}: ${what}`);
}

/** The character of a number that stands in an escape. */
function numberedEscape(text: string, at: number, digits: number, base: number): string {
  const part = text.slice(at, at + digits);
  const pattern = base === 8 ? /^[0-3][0-7]{2}$/u : /^[0-9a-fA-F]+$/u;
  const point = part.length === digits && pattern.test(part) ? Number.parseInt(part, base) : Number.NaN;
  if (Number.isNaN(point) || point > 0x10_ff_ff || (point >= 0xd8_00 && point <= 0xdf_ff))
    throw fault(at, "an escape names no character");
  return String.fromCodePoint(point);
}

/** The character that an escape stands for, and how long it is. */
function escapeAt(text: string, at: number): readonly [character: string, length: number] {
  const letter = text.charAt(at + 1);
  const simple = escapes[letter];
  if (simple !== undefined) return [simple, 2];
  const number = numbered[letter];
  if (number !== undefined) return [numberedEscape(text, at + 2, ...number), 2 + number[0]];
  if (/[0-3]/u.test(letter)) return [numberedEscape(text, at + 1, 3, 8), 4];
  throw fault(at, `\\${letter} is no escape`);
}

/** A string that begins at `at` with its quote, or three of them; raw: `\` is a character. */
function stringAt(text: string, at: number, isRaw: boolean): readonly [value: string, end: number] {
  const quote = text.charAt(at);
  const isLong = text.startsWith(quote.repeat(3), at);
  const delimiter = isLong ? quote.repeat(3) : quote;
  let [value, index] = ["", at + delimiter.length];
  while (!text.startsWith(delimiter, index)) {
    const character = text[index];
    if (character === undefined) throw fault(at, "a string has no end");
    if (!isLong && /[\r\n]/u.test(character)) throw fault(index, "a line ends inside a string");
    if (character === "\\" && !isRaw) {
      const [one, length] = escapeAt(text, index);
      value += one;
      index += length;
    } else {
      value += character;
      index += 1;
    }
  }
  return [value, index + delimiter.length];
}

const maxInt = 2n ** 63n;

const numbers = /^(?:0[xX][0-9a-fA-F]+|(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?)/u;

function numberAt(text: string, at: number, literal: string): readonly [token: CelToken, end: number] {
  const end = at + literal.length;
  if (/[uU]/u.test(text.charAt(end))) throw new CelError("unsupported", `an unsigned number: ${literal}u`);
  if (/\w/u.test(text.charAt(end))) throw fault(at, "a number ends in a letter");
  if (!/^0[xX]/u.test(literal) && /[.eE]/u.test(literal))
    return [{ kind: "double", value: Number(literal), at }, end];
  const value = BigInt(literal);
  // The smallest int is written with a sign before it.
  if (value > maxInt) throw fault(at, `${literal} is larger than an int`);
  return [{ kind: "int", value, at }, end];
}

function tokenAt(text: string, at: number): readonly [token: CelToken, end: number] {
  const rest = text.slice(at);
  const [prefix = ""] = /^[rRbB]{1,2}(?=["'])/u.exec(rest) ?? [];
  if (/[bB]/u.test(prefix)) throw new CelError("unsupported", "bytes");
  if (/^["']/u.test(rest.slice(prefix.length))) {
    const [value, end] = stringAt(text, at + prefix.length, prefix !== "");
    return [{ kind: "string", text: value, at }, end];
  }
  const [number] = numbers.exec(rest) ?? [];
  if (number !== undefined) return numberAt(text, at, number);
  const [name] = /^[A-Za-z_]\w*/u.exec(rest) ?? [];
  if (name !== undefined) return [{ kind: "name", text: name, at }, at + name.length];
  const operator = operators.find((one) => rest.startsWith(one));
  if (operator === undefined) throw fault(at, `${JSON.stringify(rest[0])} begins nothing`);
  return [{ kind: "operator", text: operator, at }, at + operator.length];
}

/** The tokens of an expression, with one for its end. Throws CelError. Source: cel-spec, "Syntax". */
export function tokensOf(text: string): readonly CelToken[] {
  const tokens: CelToken[] = [];
  const space = /(?:[\t\n\f\r ]|\/\/[^\n]*)*/uy;
  let at = 0;
  for (;;) {
    space.lastIndex = at;
    space.test(text);
    at = space.lastIndex;
    if (at >= text.length) return [...tokens, { kind: "end", at }];
    const [token, end] = tokenAt(text, at);
    tokens.push(token);
    at = end;
  }
}
