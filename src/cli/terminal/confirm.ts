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

async function answer({ stdin, signal }: Asking, ended: () => PodtrustError): Promise<string> {
  const lines = stdin[Symbol.asyncIterator]();
  let leave = (): void => {};
  const left = new Promise<never>((_resolve, reject) => {
    leave = () => reject(ended());
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
  });
  try {
    const read: IteratorResult<string | Uint8Array, undefined> = await Promise.race([lines.next(), left]);
    return read.done === true ? "" : Buffer.from(read.value).toString("utf8").trim().toLowerCase();
  } finally {
    signal.removeEventListener("abort", leave);
    // A terminal that is still read from would keep the process alive.
    stdin.destroy?.();
  }
}

/** Asks on the terminal. Throws `usage` where there is none to ask on, `interrupted` when a signal comes. */
export async function confirm(asking: Asking, command: string, question: string): Promise<boolean> {
  const { err } = asking.screen;
  if (!canAsk(asking)) {
    throw new PodtrustError("usage", `${command} changes things, and there is no terminal to ask on`, {
      next: `Look at the plan, then run podtrust ${command} with --yes.`,
    });
  }
  err.ask(`${question} [y/N] `);
  const said = await answer(asking, () => {
    err.line("");
    return new PodtrustError(
      "interrupted",
      `podtrust ${command} was ended at the question: nothing was done`,
      {
        next: `Run podtrust ${command} again to see the plan and decide.`,
      },
    );
  });
  return said === "y" || said === "yes";
}
