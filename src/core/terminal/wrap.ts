import type { Style, Span } from "./text.ts";

const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}/u;

/** Columns that a character takes (UAX #11, roughly): marks none, East Asian and emoji two. */
function columnsOf(char: string): number {
  if (/\p{M}/u.test(char)) return 0;
  return wide.test(char) ? 2 : 1;
}

interface Word {
  readonly chars: readonly Cell[];
  readonly width: number;
  readonly blank: boolean;
}

interface Cell {
  readonly char: string;
  readonly looks: readonly Style[];
}

function wordsOf(spans: readonly Span[]): Word[] {
  const cells = spans.flatMap(({ text, looks }) => Array.from(text, (char): Cell => ({ char, looks })));
  const words: (Word & { chars: Cell[]; width: number })[] = [];
  for (const cell of cells) {
    const blank = cell.char === " " && !cell.looks.includes("unbroken");
    const last = words.at(-1);
    const word = last?.blank === blank ? last : { chars: [], width: 0, blank };
    if (word !== last) words.push(word);
    word.chars.push(cell);
    word.width += columnsOf(cell.char);
  }
  return words;
}

function joined(cells: readonly Cell[]): readonly Span[] {
  const spans: { text: string; looks: readonly Style[] }[] = [];
  for (const { char, looks } of cells) {
    const last = spans.at(-1);
    if (last?.looks === looks) last.text += char;
    else spans.push({ text: char, looks });
  }
  return spans;
}

/** As many of the leading blanks as leave room for the first word; all of them if it has no room anyway. */
function begun(blanks: readonly Cell[], word: Word, width: number): { line: Cell[]; taken: number } {
  const kept = word.width > width ? blanks : blanks.slice(0, width - word.width);
  return { line: [...kept, ...word.chars], taken: kept.length + word.width };
}

/**
 * Breaks a line at spaces so that none is wider than `width` columns where words allow it; what follows the first
 * stands behind `hang` columns, a third of the width at most, and fewer before a word that would be too wide behind them.
 */
export function wrap(spans: readonly Span[], width: number, hang: number): readonly (readonly Span[])[] {
  const indent: Cell[] = Array.from({ length: Math.min(hang, Math.floor(width / 3)) }, () => ({
    char: " ",
    looks: [],
  }));
  const lines: Cell[][] = [];
  let [line, taken]: [Cell[], number] = [[], 0];
  let gap: readonly Cell[] = [];
  for (const word of wordsOf(spans)) {
    if (word.blank) {
      gap = word.chars;
      continue;
    }
    if (line.length === 0) ({ line, taken } = begun(gap, word, width));
    else if (taken + gap.length + word.width > width) {
      lines.push(line);
      ({ line, taken } = begun(indent, word, width));
    } else {
      line.push(...gap, ...word.chars);
      taken += gap.length + word.width;
    }
    gap = [];
  }
  return [...lines, line].map(joined);
}

/** As much of a line as `width` columns hold. */
export function clip(spans: readonly Span[], width: number): readonly Span[] {
  let left = width;
  return spans.map(({ text, looks }) => {
    let kept = "";
    for (const char of text) {
      left -= columnsOf(char);
      if (left < 0) break;
      kept += char;
    }
    return { text: kept, looks };
  });
}
