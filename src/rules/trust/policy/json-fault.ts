/** A place in a text where JSON wants something else. */
interface Fault {
  readonly at: number;
  readonly wanted: string;
}

const value = "expected a valid value (number, String, array, object, 'true', 'false' or 'null')";
const name = "was expecting double-quote to start field name";

const space = /[\t\n\r ]*/uy;
const scalar = /"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/suy;
const text = /"(?:[^"\\]|\\.)*"/suy;
const colon = /:/uy;

/** Goes through a text, piece by piece. */
class JsonCursor {
  readonly #text: string;
  at = 0;

  constructor(whole: string) {
    this.#text = whole;
  }

  next(): string {
    this.#take(space);
    return this.#text.charAt(this.at);
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text);
    if (found === null) return false;
    this.at += found[0].length;
    return true;
  }

  take(pattern: RegExp): boolean {
    this.next();
    return this.#take(pattern);
  }
}

/** Reads the name of a member and its colon, where the value is one of an object's. */
function memberName(reader: JsonCursor, open: readonly string[]): Fault | "on" | "end" {
  if (open.at(-1) !== "{") return "on";
  const first = reader.next();
  if (first !== "" && first !== '"') return { at: reader.at, wanted: name };
  return reader.take(text) && reader.take(colon) ? "on" : "end";
}

/** Reads `{` or `[`; `on` where it is not empty. */
function opening(reader: JsonCursor, open: string[], bracket: string): "on" | "empty" {
  reader.at += 1;
  if (reader.next() === (bracket === "{" ? "}" : "]")) {
    reader.at += 1;
    return "empty";
  }
  open.push(bracket);
  return "on";
}

/** Reads from one value to where the next one is to begin; a fault, or `end` where the rest is not known. */
function step(reader: JsonCursor, open: string[]): Fault | "on" | "end" {
  const named = memberName(reader, open);
  if (named !== "on") return named;
  const first = reader.next();
  if (first === "{" || first === "[") {
    if (opening(reader, open, first) === "on") return "on";
  } else if (!reader.take(scalar)) {
    // What begins as a word or a text is reported in other words, which are not documented.
    return first === "" || /["tfn}\]-]/u.test(first) ? "end" : { at: reader.at, wanted: value };
  }
  return afterValue(reader, open);
}

function afterValue(reader: JsonCursor, open: string[]): "on" | "end" {
  for (;;) {
    const inside = open.at(-1);
    const next = reader.next();
    reader.at += 1;
    if (inside === undefined) return "end";
    if (next === ",") return "on";
    if (next !== (inside === "{" ? "}" : "]")) return "end";
    open.pop();
  }
}

function firstFault(whole: string): Fault | undefined {
  const reader = new JsonCursor(whole);
  const open: string[] = [];
  for (;;) {
    const found = step(reader, open);
    if (found === "end") return undefined;
    if (found !== "on") return found;
  }
}

/** A number of 32 bits that differs from text to text (FNV-1a). */
function numberOf(whole: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < whole.length; index += 1)
    hash = Math.imul(hash ^ whole.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/**
 * What STS says of a session policy that is no JSON: its parser's own words
 * (github.com/ansible-collections/amazon.aws, pull request 2778). Only two of the parser's faults are known in its words; undefined for the others.
 */
export function jsonFault(whole: string): string | undefined {
  const fault = firstFault(whole);
  if (fault === undefined) return undefined;
  const character = String.fromCodePoint(whole.codePointAt(fault.at) as number);
  const before = whole.slice(0, fault.at).split("\n");
  const column = (before.at(-1) as string).length + 2;
  // The parser names the object that it read from by a number that differs from call to call.
  const source = numberOf(whole).toString(16).padStart(8, "0");
  return `Unexpected character ('${character}' (code ${character.charCodeAt(0)})): ${fault.wanted}\n at [Source: java.io.StringReader@${source}; line: ${before.length}, column: ${column}]`;
}
