import { PodtrustError } from "../../base/index.ts";
import type { Host, TextSource } from "../host.ts";
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

async function answer({ stdin, signal }: Asking, ended: () => PodtrustError): Promise<string> {
  let leave = (): void => {};
  const left = new Promise<never>((_resolve, reject) => {
    leave = () => reject(ended());
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
  });
  stdin.ref?.();
  try {
    const read = await Promise.race([linesOf(stdin).next(), left]);
    return read.done === true ? "" : Buffer.from(read.value).toString("utf8").trim().toLowerCase();
  } finally {
    signal.removeEventListener("abort", leave);
    // A terminal that is still read from would keep the process alive.
    stdin.unref?.();
  }
}

/**
 * Asks where `canAsk` says that somebody is there; anything but yes is no. Throws what `ended` gives when a signal comes.
 */
export async function ask(asking: Asking, question: string, ended: () => PodtrustError): Promise<boolean> {
  const { err } = asking.screen;
  err.ask(`${question} [y/N] `);
  const said = await answer(asking, () => {
    err.line("");
    return ended();
  });
  return said === "y" || said === "yes";
}

/**
 * Asks before a command changes things. Throws `usage` where there is no terminal to ask on, `interrupted` when a
 * signal comes.
 */
export async function confirm(asking: Asking, command: string, question: string): Promise<boolean> {
  if (!canAsk(asking)) {
    throw new PodtrustError("usage", `${command} changes things, and there is no terminal to ask on`, {
      next: `Look at the plan, then run podtrust ${command} with --yes.`,
    });
  }
  const next = `Run podtrust ${command} again to see the plan and decide.`;
  const what = `podtrust ${command} was ended at the question: nothing was done`;
  return ask(asking, question, () => new PodtrustError("interrupted", what, { next }));
}
