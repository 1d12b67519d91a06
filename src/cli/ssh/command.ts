import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

interface SshOptions {
  readonly file: string;
}

/** Examples and guide of the command. */
export const uses: CommandUses = {
  ssh: {
    examples: ["podtrust ssh", "podtrust ssh systemctl status k3s", "podtrust ssh -f staging.yaml uptime"],
    guide: "machine",
  },
};

/** `podtrust ssh`: a shell on the stack's machine, or one command there. */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("[command...]", "run this there in place of a shell, after --")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .addHelpText("after", "\nExits as the command does, and with 1 where the machine cannot be reached.\n")
    .action((words: readonly string[], options: SshOptions) => runSsh(context, words, options));
}

/** `podtrust ssh [-- COMMAND…]`. */
async function runSsh(
  context: CommandContext,
  command: readonly string[],
  { file }: SshOptions,
): Promise<void> {
  const { configOf } = await import("../options/config.ts");
  const { openMachine } = await import("../../stack/index.ts");
  const { runOnTerminal } = await import("../child.ts");
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
