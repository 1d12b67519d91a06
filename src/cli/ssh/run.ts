import { configOf } from "../options/config.ts";
import { openMachine } from "../../stack/index.ts";
import { runOnTerminal } from "../child.ts";
import type { CommandContext } from "../context.ts";

export interface SshOptions {
  readonly file: string;
}

/** `podtrust ssh [-- COMMAND…]`. */
export async function runSsh(
  context: CommandContext,
  command: readonly string[],
  { file }: SshOptions,
): Promise<void> {
  const config = await configOf(context, file);
  const machine = await openMachine({ ...context, config });
  try {
    const terminal = command.length === 0 && context.stdin.isTTY === true ? ["-tt"] : [];
    const words = await machine.sshArguments();
    await runOnTerminal(context, "ssh", [...terminal, ...words, ...command]);
  } finally {
    await machine.close();
  }
}
