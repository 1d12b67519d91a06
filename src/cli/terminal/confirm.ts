import { PodtrustError } from "../../base/index.ts";
import type { CommandContext } from "../context.ts";

function canAsk({ stdin, screen, json }: CommandContext): boolean {
  // Without the plan on a screen (--json, a pipe) nobody knows what is asked.
  return stdin.isTTY === true && screen.out.isTerminal && screen.err.isTerminal && !json;
}

async function answer({ stdin, signal }: CommandContext): Promise<string> {
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
export async function confirm(context: CommandContext, command: string, question: string): Promise<boolean> {
  if (!canAsk(context)) {
    throw new PodtrustError("usage", `${command} changes things, and there is no terminal to ask on`, {
      next: `Look at the plan, then run podtrust ${command} with --yes.`,
    });
  }
  context.screen.err.ask(`${question} [y/N] `);
  const said = await answer(context);
  return said === "y" || said === "yes";
}
