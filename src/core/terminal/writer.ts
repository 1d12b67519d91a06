import { setting } from "../base/index.ts";
import type { Host, TextStream } from "./host.ts";
import { visibleJson, visibleLines } from "./escape.ts";
import { paint, plain, type Span, spansOf, type Text } from "./text.ts";
import { clip, wrap } from "./wrap.ts";

/**
 * The only writer to a stream. It takes text, and whatever could command a terminal is shown instead of sent; the only
 * escape sequences that pass are colours by `terminal/text.ts`, and on a terminal the erasing of a line that is drawn
 * again.
 */
export interface Writer {
  readonly isTerminal: boolean;
  /** False once the reader of a pipe has ended. */
  readonly isOpen: boolean;
  /** Of the terminal, where it says so. */
  readonly columns: number | undefined;
  /**
   * A line, which on a terminal is broken between words; what follows the first line stands behind `hang` columns, by
   * default two more than the first. Make what is to be copied `unbroken`.
   */
  readonly line: (said: Text, hang?: number) => void;
  /** A question, whose answer is typed behind it. */
  readonly ask: (question: Text) => void;
  /** A value as JSON, on several lines where `indent` says so. */
  readonly json: (value: object, indent?: number) => void;
  /** Text for a program to read, such as a manifest: as it is, and on a terminal escaped but for its line breaks. */
  readonly data: (content: string) => void;
  /** On a terminal, a line that the next one replaces; `undefined` removes it. */
  readonly draw: (said: Text | undefined) => void;
}

/**
 * Whether a stream gets colour: never with NO_COLOR (https://no-color.org: set and not empty), always with
 * FORCE_COLOR (not empty, not 0), else when it is a terminal that is not TERM=dumb.
 */
function wantsColor(env: Host["env"], isTerminal: boolean): boolean {
  if ((setting(env, "NO_COLOR") ?? "") !== "") return false;
  const forced = setting(env, "FORCE_COLOR");
  if (forced !== undefined && forced !== "") return forced !== "0" && forced !== "false";
  return isTerminal && setting(env, "TERM") !== "dumb";
}

/** Blanks before the first word. */
function indentOf(spans: readonly Span[]): number {
  const text = plain(spans);
  return text.length - text.trimStart().length;
}

const eraseLine = "\r\u001B[K";
const narrowest = 20;

/** The line that is drawn again and again at the foot of a terminal; what is said makes it step aside. */
interface Foot {
  readonly erase: () => void;
  readonly redraw: () => void;
}

type SharedFoot = { shown: Foot | undefined };

function openWriter(env: Host["env"], stream: TextStream, foot: SharedFoot): Writer {
  const isTerminal = stream.isTTY === true;
  const color = wantsColor(env, isTerminal);
  const show = (said: Text): string => paint(spansOf(said), color);
  const write = (output: string): void => {
    // Both streams may be one terminal.
    const aside = isTerminal ? foot.shown : undefined;
    aside?.erase();
    stream.write(output);
    if (output.endsWith("\n")) aside?.redraw();
  };
  return {
    isTerminal,
    get isOpen() {
      return stream.writable !== false;
    },
    get columns() {
      return stream.columns;
    },
    line(said, hang) {
      const spans = spansOf(said);
      const width = isTerminal ? (stream.columns ?? 0) : 0;
      const lines =
        width === 0 ? [spans] : wrap(spans, Math.max(narrowest, width), hang ?? indentOf(spans) + 2);
      write(lines.map((one) => `${paint(one, color)}\n`).join(""));
    },
    ask(question) {
      write(show(question));
    },
    json(value, indent) {
      write(`${visibleJson(JSON.stringify(value, undefined, indent))}\n`);
    },
    data(content) {
      write(isTerminal ? visibleLines(content) : content);
    },
    draw(said) {
      if (!isTerminal) throw new TypeError("only a terminal can be drawn on");
      const erase = (): void => void stream.write(eraseLine);
      const redraw = (): void => {
        const width = Math.max(narrowest, stream.columns ?? 80) - 1;
        if (said !== undefined) stream.write(paint(clip(spansOf(said), width), color));
      };
      erase();
      redraw();
      foot.shown = said === undefined ? undefined : { erase, redraw };
    },
  };
}

/** The doors to standard output and standard error. */
export interface Screen {
  readonly out: Writer;
  readonly err: Writer;
}

/** Opens both doors of a host. */
export function openScreen({ env, stdout, stderr }: Pick<Host, "env" | "stdout" | "stderr">): Screen {
  const foot: SharedFoot = { shown: undefined };
  return { out: openWriter(env, stdout, foot), err: openWriter(env, stderr, foot) };
}
