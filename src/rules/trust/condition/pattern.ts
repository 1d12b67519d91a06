/** `*` and `?` as wildcards; the same characters as plain text are strings. */
const anyText = Symbol("*");
const oneCharacter = Symbol("?");

/** A text with wildcards: one code point or wildcard an entry. */
export type Pattern = readonly (string | typeof anyText | typeof oneCharacter)[];

function part(character: string): Pattern[number] {
  if (character === "*") return anyText;
  return character === "?" ? oneCharacter : character;
}

/** Reads a text in which `*` and `?` are wildcards. */
export function patternOf(text: string): Pattern {
  return Array.from(text, part);
}

/** The pattern as a text, wildcards written as the characters they come from. */
export function patternText(pattern: Pattern): string {
  return pattern.map((one) => (typeof one === "string" ? one : one === anyText ? "*" : "?")).join("");
}

/** Whether a pattern has no text of its own, and so fits everything or nearly so: `*`, `?*`. */
export function isOnlyWildcards(text: string): boolean {
  return text !== "" && /^[*?]+$/u.test(text);
}

function fits(wanted: Pattern[number] | undefined, actual: string): boolean {
  return wanted === oneCharacter || wanted === actual;
}

/**
 * Whether the whole text fits the pattern. Goes back to the last `*` only, so that the time is at most the product of
 * both lengths, whatever a policy contains.
 */
export function matchesPattern(pattern: Pattern, text: string): boolean {
  const characters = Array.from(text);
  let [at, from, star, retry] = [0, 0, -1, 0];
  while (from < characters.length) {
    const wanted = pattern[at];
    if (wanted === anyText) {
      [star, retry] = [at, from];
      at += 1;
    } else if (fits(wanted, characters[from] as string)) {
      at += 1;
      from += 1;
    } else if (star >= 0) {
      retry += 1;
      [at, from] = [star + 1, retry];
    } else return false;
  }
  return pattern.slice(at).every((rest) => rest === anyText);
}

function indexOfColon(pattern: Pattern, from: number): number {
  return pattern.indexOf(":", from);
}

/** Cuts at the first five colons, as the parts of an ARN; undefined when there are fewer. */
export function arnParts(pattern: Pattern): readonly Pattern[] | undefined {
  const parts: Pattern[] = [];
  let start = 0;
  for (let count = 0; count < 5; count += 1) {
    const end = indexOfColon(pattern, start);
    if (end < 0) return undefined;
    parts.push(pattern.slice(start, end));
    start = end + 1;
  }
  return [...parts, pattern.slice(start)];
}

/**
 * Whether an ARN fits, part by part, so that no wildcard reaches over a colon into the next part
 * (IAM User Guide, "Amazon Resource Name (ARN) condition operators").
 */
export function matchesArn(pattern: Pattern, arn: string): boolean {
  const wanted = arnParts(pattern);
  const actual = arnParts(Array.from(arn));
  if (wanted === undefined || actual === undefined) return false;
  return wanted.every((one, index) => matchesPattern(one, (actual[index] as string[]).join("")));
}
