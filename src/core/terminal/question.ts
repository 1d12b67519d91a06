import type { PodtrustError } from "../base/index.ts";
import type { Host, TextSource } from "./host.ts";
import type { Screen } from "./writer.ts";

/** What a question needs. */
export interface Asking extends Pick<Host, "stdin" | "signal"> {
  readonly screen: Screen;
  /** `--json` was given. */
  readonly json: boolean;
}

/** Whether a person can be asked: not where the question's subject is on no screen (--json, a pipe). */
export function canAsk({ stdin, screen, json }: Asking): boolean {
  return stdin.isTTY === true && screen.out.isTerminal && screen.err.isTerminal && !json;
}

/** The lines of a standard input, one for each question in turn. */
const answers = new WeakMap<TextSource, AsyncIterator<string | Uint8Array, undefined>>();

function linesOf(stdin: TextSource): AsyncIterator<string | Uint8Array, undefined> {
  const known = answers.get(stdin);
  if (known !== undefined) return known;
  const lines = stdin[Symbol.asyncIterator]() as AsyncIterator<string | Uint8Array, undefined>;
  answers.set(stdin, lines);
  return lines;
}

/**
 * What is typed after a question, trimmed by default; undefined where the input has ended. Throws what `ended`
 * gives when a signal comes.
 */
export async function askText(
  { stdin, signal, screen: { err } }: Asking,
  question: string,
  ended: () => PodtrustError,
  trims = true,
): Promise<string | undefined> {
  err.ask(question);
  let leave = (): void => {};
  const left = new Promise<never>((_resolve, reject) => {
    leave = () => {
      err.line("");
      reject(ended());
    };
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
  });
  stdin.ref?.();
  try {
    const read = await Promise.race([linesOf(stdin).next(), left]);
    if (read.done === true) return undefined;
    const text = Buffer.from(read.value).toString("utf8");
    return trims ? text.trim() : text;
  } finally {
    signal.removeEventListener("abort", leave);
    // A terminal that is still read from would keep the process alive.
    stdin.unref?.();
  }
}

/** What a terminal in raw mode sends for the end of a line, for Ctrl-C and Ctrl-D, and for a key that takes one back. */
const keys = { end: /[\r\n]/u, leave: ["\u0003", "\u0004"], back: ["\b", "\u007F"] };

/** What was typed so far with one more piece of input. */
function typed(before: string, piece: string): string {
  let text = before;
  for (const letter of piece) text = keys.back.includes(letter) ? text.slice(0, -1) : text + letter;
  return text;
}

/**
 * What is typed after a question, and shown nowhere. Throws what `ended` gives when a signal, Ctrl-C or the end of the
 * input comes. Only if `canAsk` allows it.
 */
export async function askSecret(
  asking: Asking,
  question: string,
  ended: () => PodtrustError,
): Promise<string> {
  const { stdin } = asking;
  stdin.setRawMode?.(true);
  try {
    let text = "";
    let more = await askText(asking, question, ended, false);
    for (;;) {
      if (more === undefined || keys.leave.some((key) => more?.includes(key))) throw ended();
      const [piece = ""] = more.split(keys.end);
      text = typed(text, piece);
      if (keys.end.test(more)) return text;
      more = await askText(asking, "", ended, false);
    }
  } finally {
    stdin.setRawMode?.(false);
    asking.screen.err.line("");
  }
}
