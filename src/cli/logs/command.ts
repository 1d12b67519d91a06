import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { LogsOptions } from "./run.ts";

/** `podtrust logs`: what the publisher, k3s, or the first boot said on the stack's machine. */
export function defineLogs(program: Command, context: CommandContext): void {
  program
    .command("logs")
    .description("show a log of the stack's machine")
    .argument("[which]", "publisher, k3s or bootstrap (the machine's first boot)", "publisher")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .option("-F, --follow", "go on showing what comes")
    .option("-n, --lines <count>", "how many lines of the past", "200")
    .action(async (which: string, options: LogsOptions) => {
      const { runLogs } = await import("./run.ts");
      await runLogs(context, which, options);
    });
}
