import { shellWord } from "../../base/index.ts";
import { openMachine, publisherOnMachine } from "../../stack/index.ts";
import { runProgram } from "../child.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";

/**
 * Has the publisher on a config's machine do what was typed, by its own program there; false where the config's
 * publisher is on no machine of the config's.
 */
export async function rotateOnMachine(
  context: CommandContext,
  file: string,
  words: readonly string[],
): Promise<boolean> {
  const config = await configOf(context, file);
  const there = publisherOnMachine(config);
  if (there === undefined) return false;
  const machine = await openMachine({ ...context, config });
  try {
    // For the question that distrust asks.
    const terminal = context.stdin.isTTY === true && !context.json ? ["-tt"] : [];
    const json = context.json ? ["--json"] : [];
    const command = [there.program, "rotate", ...words, ...json, "--state", there.state].map(shellWord);
    const login = await machine.sshArguments();
    await runProgram(context, "ssh", [...terminal, ...login, ...machine.asRoot, ...command]);
    return true;
  } finally {
    await machine.close();
  }
}
