import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { SshOptions } from "./run.ts";

/** `podtrust ssh`: a shell on the stack's machine, or one command there. */
export function defineSsh(program: Command, context: CommandContext): void {
  program
    .command("ssh")
    .description("log in to the stack's machine, whose host key is pinned")
    .argument("[command...]", "run this there in place of a shell, after --")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .addHelpText("after", "\nExits as the command does, and with 1 where the machine cannot be reached.\n")
    .action(async (command: readonly string[], options: SshOptions) => {
      const { runSsh } = await import("./run.ts");
      await runSsh(context, command, options);
    });
}
