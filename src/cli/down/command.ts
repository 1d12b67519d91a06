import type { Command } from "commander";
import { withAllowances, withLeave, withSelection, withStackOptions } from "../options/stack.ts";
import type { ChangeOptions } from "../changes/carry-out.ts";
import type { CommandContext } from "../context.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

/** Examples and guide of the command. */
export const uses: CommandUses = {
  down: {
    examples: ["podtrust plan --down", "podtrust down", "podtrust down --only server"],
    guide: "aws",
  },
};

/** `podtrust down`: deletes what carries the stack's tags. */
export function define(command: Command, context: CommandContext): void {
  command.argument(
    "[plan]",
    "a file of podtrust plan --down -o: deletes just what it showed, without asking",
  );
  withLeave(withAllowances(withSelection(withStackOptions(command))))
    .option("--yes", "do not ask for confirmation")
    .option("--confirm <stack>", "the stack's name, in place of typing it where a machine is deleted")
    .addHelpText(
      "after",
      "\nShows the plan first and asks; without a terminal it needs --yes.\n" +
        "Where a machine is among it, it asks for the stack's name: without a terminal --yes --confirm NAME.\n" +
        "machine.protect: true in the config refuses to delete it.\n",
    )
    .action((saved: string | undefined, options: ChangeOptions) => runDown(context, saved, options));
}

/** `podtrust down [PLAN]`. */
async function runDown(
  context: CommandContext,
  saved: string | undefined,
  options: ChangeOptions,
): Promise<void> {
  const { carryOut } = await import("../changes/carry-out.ts");
  const { carryOutSaved } = await import("../changes/saved.ts");
  const { specOf } = await import("../changes/spec.ts");
  if (saved !== undefined) return carryOutSaved(context, { name: "down", goal: "absent" }, saved, options);
  // Who names the stack says that its machine may be gone.
  const named = options.confirm === undefined ? {} : { allowReplace: true };
  return carryOut(context, options, {
    name: "down",
    spec: specOf("absent", { ...options, ...named }),
    question: "Delete this?",
  });
}
