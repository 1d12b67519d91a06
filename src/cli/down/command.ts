import type { Command } from "commander";
import type { ChangeOptions } from "../changes/carry-out.ts";
import type { CommandContext } from "../context.ts";
import { withAllowances, withSelection, withStackOptions } from "../options/stack.ts";

/** `podtrust down`: deletes what carries the stack's tags. */
export function defineDown(program: Command, context: CommandContext): void {
  const command = program
    .command("down")
    .argument("[plan]", "a file of podtrust plan --down -o: deletes just what it showed, without asking")
    .description("delete everything of the stack: all that carries its tag, label or comment");
  withAllowances(withSelection(withStackOptions(command)))
    .option("--yes", "do not ask for confirmation")
    .option("--confirm <stack>", "the stack's name, in place of typing it where a machine is deleted")
    .addHelpText(
      "after",
      "\nShows the plan first and asks; without a terminal it needs --yes.\n" +
        "Where a machine is among it, it asks for the stack's name: without a terminal --yes --confirm NAME.\n" +
        "machine.protect: true in the config refuses to delete it.\n",
    )
    .action(async (saved: string | undefined, options: ChangeOptions) => {
      const { runDown } = await import("./run.ts");
      await runDown(context, saved, options);
    });
}
