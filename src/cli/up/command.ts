import type { Command } from "commander";
import type { ChangeOptions } from "../changes/carry-out.ts";
import type { CommandContext } from "../context.ts";
import { withSelection, withStackOptions } from "../options/stack.ts";

/** `podtrust up`: makes AWS what the config says. */
export function defineUp(program: Command, context: CommandContext): void {
  const command = program
    .command("up")
    .description("make AWS trust the cluster as the config says: OIDC provider and roles");
  withSelection(withStackOptions(command))
    .option("--yes", "do it without asking")
    .option("--upsert-only", "leave what is ours and no longer in the config")
    .addHelpText(
      "after",
      "\nShows the plan first and asks; without a terminal it needs --yes. Ended half-way, run it again.\n",
    )
    .action(async (options: ChangeOptions) => {
      const { runUp } = await import("./run.ts");
      await runUp(context, options);
    });
}
