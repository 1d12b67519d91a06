import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";

/** The lines of a terminal's output, without its colours and without what was drawn over. */
export function screenLines(text: string): readonly string[] {
  return stripVTControlCharacters(text)
    .split("\n")
    .map((line) => line.replace(/\r$/u, "").split("\r").at(-1) ?? "");
}

/** What is there to be copied is one line, however long. */
const copied = /^\s*(?:next: +)?(?:(?:podtrust|kubectl|aws|export|curl|Guide:) \S.*|`[^`]+`[.,;:]?)$/u;

/**
 * Fails where a line is wider than a terminal of `width` columns though it could have ended between two words, or begun
 * further left: a word that is wider itself, and what somebody will copy, may be.
 */
export function assertFits(text: string, width: number): void {
  const wide = screenLines(text).filter(
    (line) =>
      line.length > width &&
      (/\S\s+\S/u.test(line.trim()) || line.trim().length <= width) &&
      !copied.test(line),
  );
  assert.deepEqual(wide, []);
}

/** Fails where a text is not made of the same words as another, in their order. */
export function assertSameWords(text: string, other: string): void {
  const words = (one: string): readonly string[] => screenLines(one).join(" ").trim().split(/\s+/u);
  assert.deepEqual(words(text), words(other));
}
