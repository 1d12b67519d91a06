import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { OutputOptions } from "./run.ts";

/** `podtrust output`: names, addresses and ARNs for scripts. */
export function defineOutput(program: Command, context: CommandContext): void {
  program
    .command("output")
    .argument("[name]", "print this one alone, for example public_ip")
    .description("print the names, addresses and ARNs of what the config owns, for scripts")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .action(async (name: string | undefined, options: OutputOptions) => {
      const { runOutput } = await import("./run.ts");
      await runOutput(context, name, options);
    });
}
