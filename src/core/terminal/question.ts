import type { PodtrustError } from "../base/index.ts";
import type { Host, TextSource } from "./host.ts";
import type { Screen } from "./writer.ts";

/** What a question needs. */
export interface Asking extends Pick<Host, "stdin" | "signal"> {
  readonly screen: Screen;
  /** `--json` was given. */
  readonly json: boolean;
}

/** Whether there is somebody to ask: not where what is asked about is on no screen (--json, a pipe). */
export function canAsk({ stdin, screen, json }: Asking): boolean {
  return stdin.isTTY === true && screen.out.isTerminal && screen.err.isTerminal && !json;
}

/** The lines of a standard input, which one question after another is answered by. */
const answers = new WeakMap<TextSource, AsyncIterator<string | Uint8Array, undefined>>();

function linesOf(stdin: TextSource): AsyncIterator<string | Uint8Array, undefined> {
  const known = answers.get(stdin);
  if (known !== undefined) return known;
  const lines = stdin[Symbol.asyncIterator]() as AsyncIterator<string | Uint8Array, undefined>;
  answers.set(stdin, lines);
  return lines;
}

/**
 * What is typed after a question, trimmed; undefined where the input has ended. Throws what `ended` gives when a signal
 * comes.
 */
export async function askText(
  { stdin, signal, screen: { err } }: Asking,
  question: string,
  ended: () => PodtrustError,
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
    return read.done === true ? undefined : Buffer.from(read.value).toString("utf8").trim();
  } finally {
    signal.removeEventListener("abort", leave);
    // A terminal that is still read from would keep the process alive.
    stdin.unref?.();
  }
}
