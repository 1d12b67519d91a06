import type { Recording } from "./recording.ts";

/** How a run of characters looks: names of classes, in the order in which they were switched on. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Characters of one look. */
export interface Run {
  /** Column of its first character, from 0. */
  readonly column: number;
  readonly text: string;
  readonly styles: readonly Style[];
}

/** A line of the terminal. */
export interface Line {
  /** Seconds after which it stands there whole. */
  readonly at: number;
  readonly runs: readonly Run[];
}

/** ECMA-48 §8.3.117, Select Graphic Rendition: what podtrust's own writer sends, and nothing else. */
const graphics: Readonly<Record<string, Style>> = {
  1: "bold",
  2: "dim",
  31: "red",
  32: "green",
  33: "yellow",
  36: "cyan",
};
const ends: Readonly<Record<string, readonly Style[]>> = {
  0: ["bold", "dim", "red", "green", "yellow", "cyan"],
  22: ["bold", "dim"],
  39: ["red", "green", "yellow", "cyan"],
};

function restyled(styles: readonly Style[], code: string): readonly Style[] {
  const begun = graphics[code];
  if (begun !== undefined) return [...styles, begun];
  const ended = ends[code];
  if (ended === undefined)
    throw new TypeError(`SGR ${code} is not known here: add it to tools/cast/screen.ts`);
  return styles.filter((style) => !ended.includes(style));
}

/** Text, SGR sequences, and other control characters, which a session that only prints does not have. */
// oxlint-disable-next-line no-control-regex -- escape sequences are what is read here
const part = /\u001B\[([\d;]*)m|([^\u0000-\u001F\u007F]+)|([\u0000-\u001F\u007F])/gu;

function runsOf(text: string, before: readonly Style[]): { runs: Run[]; styles: readonly Style[] } {
  const runs: Run[] = [];
  let [styles, column] = [before, 0];
  for (const [, codes, plain, control] of text.matchAll(part)) {
    if (control !== undefined)
      throw new TypeError(`a line has the control character ${JSON.stringify(control)}`);
    if (plain !== undefined) {
      runs.push({ column, text: plain, styles });
      column += plain.length;
    } else for (const code of (codes ?? "").split(";")) styles = restyled(styles, code === "" ? "0" : code);
  }
  return { runs, styles };
}

/**
 * The lines that a session printed, each with its time. The session moves no cursor: it prints lines and colours.
 * Throws a TypeError where it does anything else, since the picture would then show another screen.
 */
export function linesOf({ output }: Recording): readonly Line[] {
  const lines: Line[] = [];
  let [pending, styles]: [string, readonly Style[]] = ["", []];
  for (const { at, text } of output) {
    const whole = (pending + text).split("\r\n");
    pending = whole.pop() ?? "";
    for (const line of whole) {
      const read = runsOf(line, styles);
      ({ styles } = read);
      lines.push({ at, runs: read.runs });
    }
  }
  if (pending !== "") lines.push({ at: output.at(-1)?.at ?? 0, runs: runsOf(pending, styles).runs });
  return lines;
}

/** The lines as text. */
export const textOf = (lines: readonly Line[]): string =>
  lines.map(({ runs }) => runs.map(({ text }) => text).join("")).join("\n");
