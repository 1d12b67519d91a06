/** The sentences of a Markdown page as somebody reads them: without code, links' addresses and marks. */

export interface Sentence {
  /** Line of the page on which its paragraph, item or row begins, from 1. */
  readonly line: number;
  readonly text: string;
  readonly words: number;
}

interface Part {
  readonly line: number;
  readonly text: string;
}

const begins = /^\s*(?:[-*+]|\d+\.)\s+/u;
const heading = /^#{1,6}\s+/u;
const fence = /^\s*(?:```|~~~)/u;
const rule = /^\s*\|?(?:\s*:?-{3,}:?\s*\|?)+\s*$/u;

/** A row's cells; a bar behind a backslash or in code is none of a table's. */
const cellsOf = (row: string): readonly string[] =>
  row
    .replaceAll(/`[^`]*`/gu, (code) => code.replaceAll("|", " "))
    .replaceAll("\\|", " ")
    .split("|");

/** The values of a site's front matter as paragraphs of their own, on their lines. */
const withoutFrontMatter = (page: string): string =>
  page.replace(/^---\n[^]*?\n---$/mu, (whole, at: number) =>
    at === 0
      ? whole.replaceAll(/^\s*(?:- )?(?:[\w-]+: ?)?(.*)$/gmu, (_line, value: string) => `# ${value}`)
      : whole,
  );

/** Headings, paragraphs, items and cells, each whole; code blocks and comments are left out. */
function partsOf(page: string): readonly Part[] {
  const parts: Part[] = [];
  let [inCode, open]: [boolean, boolean] = [false, false];
  const lines = withoutFrontMatter(page)
    .replaceAll(/<!--[^]*?-->/gu, (comment) => comment.replaceAll(/[^\n]/gu, ""))
    .split("\n");
  for (const [index, line] of lines.entries()) {
    const at = index + 1;
    if (fence.test(line)) inCode = !inCode;
    if (fence.test(line) || inCode || line.trim() === "" || rule.test(line)) open = false;
    else if (line.trimStart().startsWith("|")) {
      parts.push(...cellsOf(line).map((text) => ({ line: at, text })));
      open = false;
    } else if (heading.test(line)) {
      parts.push({ line: at, text: line.replace(heading, "") });
      open = false;
    } else {
      const before = parts.at(-1);
      if (open && !begins.test(line) && before !== undefined)
        parts.splice(-1, 1, { line: before.line, text: `${before.text} ${line.trim()}` });
      else parts.push({ line: at, text: line.replace(begins, "").trim() });
      open = true;
    }
  }
  return parts;
}

/** Text as it is read: a piece of code is one word, a link is its words, a picture is its description. */
const readAs = (text: string): string =>
  text
    .replaceAll(/``.+?``|`[^`]*`/gu, "Code")
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/gu, "$1")
    .replaceAll(/\*\*|__|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)/gu, "")
    .trim();

/** The end of a sentence: a mark, perhaps a closing bracket, and what no sentence goes on with. */
const end = /(?<=[.!?…][)”"’*]?)\s+(?=[^\s\p{Ll}])/u;

const wordsOf = (text: string): number =>
  text.split(/\s+/u).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;

export function sentencesOf(page: string): readonly Sentence[] {
  return partsOf(page).flatMap(({ line, text }) =>
    readAs(text)
      .split(end)
      .map((sentence) => ({ line, text: sentence, words: wordsOf(sentence) }))
      .filter(({ words }) => words > 0),
  );
}

/** The smallest number of words that nine tenths of the sentences do not exceed (nearest rank). */
export function ninetiethPercentile(sentences: readonly Sentence[]): number {
  const sorted = sentences.map(({ words }) => words).sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.9) - 1] ?? 0;
}
