import { PodtrustError } from "../../base/index.ts";
import type { Host } from "../host.ts";
import type { Screen } from "./writer.ts";

/** What a question needs. */
export interface Asking extends Pick<Host, "stdin" | "signal"> {
  readonly screen: Screen;
  /** `--json` was given. */
  readonly json: boolean;
}

function canAsk({ stdin, screen, json }: Asking): boolean {
  // Without the plan on a screen (--json, a pipe) nobody knows what is asked.
  return stdin.isTTY === true && screen.out.isTerminal && screen.err.isTerminal && !json;
}

async function answer({ stdin, signal }: Asking): Promise<string> {
  const lines = stdin[Symbol.asyncIterator]();
  let leave = (): void => {};
  const ended = new Promise<never>((_resolve, reject) => {
    leave = () => reject(new PodtrustError("interrupted", "ended by a signal while asking"));
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
  });
  try {
    const read: IteratorResult<string | Uint8Array, undefined> = await Promise.race([lines.next(), ended]);
    return read.done === true ? "" : Buffer.from(read.value).toString("utf8").trim().toLowerCase();
  } finally {
    signal.removeEventListener("abort", leave);
    // A terminal that is still read from would keep the process alive.
    stdin.destroy?.();
  }
}

/** Asks on the terminal. Throws `usage` where there is none to ask on. */
export async function confirm(asking: Asking, command: string, question: string): Promise<boolean> {
  if (!canAsk(asking)) {
    throw new PodtrustError("usage", `${command} changes things, and there is no terminal to ask on`, {
      next: `Look at the plan, then run podtrust ${command} with --yes.`,
    });
  }
  asking.screen.err.ask(`${question} [y/N] `);
  const said = await answer(asking);
  return said === "y" || said === "yes";
}
