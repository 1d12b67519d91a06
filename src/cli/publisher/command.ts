import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { RollbackOptions, UpgradeOptions } from "./run.ts";

/** `podtrust publisher upgrade`, `publisher rollback`: the publisher on the config's machine. */
export function definePublisher(program: Command, context: CommandContext): void {
  const publisher = program
    .command("publisher")
    .description("upgrade the publisher on the machine, or go back to the version before");
  publisher
    .command("upgrade")
    .description("install this podtrust's publisher on the machine, with no request lost")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .option("-y, --yes", "do it without asking")
    .addHelpText(
      "after",
      "\nThe same as podtrust up --only publisher. A version that does not become ready is taken back by itself.\n",
    )
    .action(async (options: UpgradeOptions) => {
      const { runUpgrade } = await import("./run.ts");
      await runUpgrade(context, options);
    });
  publisher
    .command("rollback")
    .description("run the version before again")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .action(async (options: RollbackOptions) => {
      const { runRollback } = await import("./run.ts");
      await runRollback(context, options);
    });
}
