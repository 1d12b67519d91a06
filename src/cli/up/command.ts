import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { UpOptions } from "./run.ts";
import { withAllowances, withSelection, withStackOptions } from "../options/stack.ts";

/** `podtrust up`: makes AWS what the config says. */
export function defineUp(program: Command, context: CommandContext): void {
  const command = program
    .command("up")
    .argument("[plan]", "a file of podtrust plan -o: applies just what it showed, without asking")
    .description("make machine, DNS name, cluster, publisher, OIDC provider and IAM roles match the config");
  withAllowances(withSelection(withStackOptions(command)))
    .option("--yes", "do not ask for confirmation")
    .option("--confirm <stack>", "the stack's name, in place of typing it where a machine is deleted")
    .option("--upsert-only", "do not delete resources that were removed from the config")
    .option("--demo", "then run the demo Job in the cluster, as podtrust apply demo does")
    .addHelpText(
      "after",
      "\nShows the plan first and asks; without a terminal it needs --yes. Ended half-way, run it again.\n",
    )
    .action(async (saved: string | undefined, options: UpOptions) => {
      const { runUp } = await import("./run.ts");
      await runUp(context, saved, options);
    });
}
