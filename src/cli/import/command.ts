import type { Command } from "commander";
import { withAllowances, withStackOptions } from "../options/stack.ts";
import type { ChangeOptions } from "../changes/carry-out.ts";
import type { CommandContext } from "../context.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

/** Examples and guide of the command. */
export const uses: CommandUses = {
  import: {
    examples: ["podtrust import provider", "podtrust import web --yes", "podtrust import provider web api"],
    guide: "aws",
  },
};

/** `podtrust import NAME…`: takes over what exists already. */
export function define(command: Command, context: CommandContext): void {
  command.argument("<name...>", "provider, a role's name, or an ID that plan shows");
  withAllowances(withStackOptions(command))
    .option("--yes", "do not ask for confirmation")
    .addHelpText(
      "after",
      "\nThe resource gets the stack's tags, and everything else of it becomes what the config says.\n" +
        "A role keeps its unique ID. Shows the plan first and asks; without a terminal it needs --yes.\n",
    )
    .action((names: readonly string[], options: ChangeOptions) => runImport(context, names, options));
}

/** `podtrust import NAME…`. */
async function runImport(
  context: CommandContext,
  names: readonly string[],
  options: ChangeOptions,
): Promise<void> {
  const { carryOut } = await import("../changes/carry-out.ts");
  const { specOf } = await import("../changes/spec.ts");
  const question = "Take over and change as shown?";
  const spec = { ...specOf("present", options), adopt: true };
  await carryOut(context, { ...options, only: names }, { name: "import", spec, question });
}
