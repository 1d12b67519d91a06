import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const maxBytes = 300_000;

/** The first line in which two texts differ, with the one before it. */
function difference(now: string, held: string): string {
  const [ours, theirs] = [now.split("\n"), held.split("\n")];
  const at = ours.findIndex((line, index) => line !== theirs[index]);
  const from = at === -1 ? ours.length : at;
  const shown = (lines: readonly string[]): string => lines[from] ?? "(its end)";
  return `line ${from + 1}, after ${JSON.stringify(ours[from - 1] ?? "")}\n  now:  ${shown(ours)}\n  held: ${shown(theirs)}`;
}

/**
 * Holds a text to the file of that name in this folder. `PODTRUST_WRITE_GOLDEN=1` before the group's command writes it
 * anew: `PODTRUST_WRITE_GOLDEN=1 npm test -- test/golden/`.
 */
export function golden(name: string, value: string): void {
  const file = join(import.meta.dirname, name);
  assert.ok(value.length < maxBytes, `${name} has ${value.length} characters: nobody reads its changes`);
  if (process.env["PODTRUST_WRITE_GOLDEN"] === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, value);
  }
  const held = readFileSync(file, "utf8");
  if (value !== held) assert.fail(`test/golden/${name} differs in ${difference(value, held)}`);
}

/** Lines as a file has them. */
export const linesOf = (lines: Iterable<string>): string => [...lines].map((line) => `${line}\n`).join("");

/**
 * Takes the words for people out of what a program reads: in their place stands `<text>`, and they are held by a file of
 * their own with one text a line, so that a change of words changes that line and nothing else.
 */
export class Texts {
  readonly #found = new Set<string>();
  readonly #isText: (member: string, value: string) => boolean;

  /** `isText`: by the name of the member that has it, for an item of a list that of the list. */
  constructor(isText: (member: string, value: string) => boolean) {
    this.#isText = isText;
  }

  /** The same value without its texts, which are kept. */
  without(value: unknown, member = ""): unknown {
    if (typeof value === "string") return this.#isText(member, value) ? this.keep(value) : value;
    if (Array.isArray(value)) return value.map((item) => this.without(item, member));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.without(one, name)]));
  }

  /** Keeps a text; returns what stands in its place. */
  keep(text: string): string {
    this.#found.add(text.replaceAll("\n", String.raw`\n`));
    return "<text>";
  }

  /** Each once, in the order of the alphabet: where a text moves to is no change of it. */
  toString(): string {
    return linesOf([...this.#found].sort());
  }
}
