import type { Command } from "commander";
import type { ChangeOptions } from "../changes/carry-out.ts";
import type { CommandContext } from "../context.ts";
import { withAllowances, withStackOptions } from "../options/stack.ts";

/** `podtrust import NAME…`: takes over what exists already. */
export function defineImport(program: Command, context: CommandContext): void {
  const command = program
    .command("import")
    .description(
      "take over an existing OIDC provider or IAM roles: tag them, and update them to match the config",
    )
    .argument("<name...>", "provider, a role's name, or an ID that plan shows");
  withAllowances(withStackOptions(command))
    .option("--yes", "do not ask for confirmation")
    .addHelpText(
      "after",
      "\nThe resource gets the stack's tags, and everything else of it becomes what the config says.\n" +
        "A role keeps its unique ID. Shows the plan first and asks; without a terminal it needs --yes.\n",
    )
    .action(async (names: readonly string[], options: ChangeOptions) => {
      const { runImport } = await import("./run.ts");
      await runImport(context, names, options);
    });
}
