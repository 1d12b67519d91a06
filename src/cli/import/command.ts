import type { Command } from "commander";
import type { ChangeOptions } from "../changes/carry-out.ts";
import type { CommandContext } from "../context.ts";
import { withStackOptions } from "../options/stack.ts";

/** `podtrust import NAME…`: takes over what exists already. */
export function defineImport(program: Command, context: CommandContext): void {
  const command = program
    .command("import")
    .description("take over an OIDC provider or roles that exist already, after showing what would change")
    .argument("<name...>", "what to take over: provider, a role's name, or an id that plan shows");
  withStackOptions(command)
    .option("--yes", "do it without asking")
    .addHelpText(
      "after",
      "\nThe config says what it shall be from then on: import marks it as the stack's and changes the rest to fit.\n" +
        "A role keeps its unique id. Shows the plan first and asks; without a terminal it needs --yes.\n",
    )
    .action(async (names: readonly string[], options: ChangeOptions) => {
      const { runImport } = await import("./run.ts");
      await runImport(context, names, options);
    });
}
