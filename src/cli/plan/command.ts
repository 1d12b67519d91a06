import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { PlanOptions } from "./run.ts";
import { withAllowances, withSelection, withStackOptions } from "../options/stack.ts";

/** `podtrust plan`: what `up` would do, field by field. */
export function definePlan(program: Command, context: CommandContext): void {
  const command = program
    .command("plan")
    .description("show what up would change, field by field, without changing anything");
  withAllowances(withSelection(withStackOptions(command)))
    .option("--check", "exit 3 when something differs from the config")
    .option("--down", "show what down would delete instead")
    .option("-o, --out <file>", "save the plan, for podtrust up FILE to apply just that")
    .option(
      "--bindings <dir>",
      "plan the AWSRoleBinding and AWSTrust files of this folder instead of a config",
    )
    .option("--upsert-only", "do not delete resources that were removed from the config")
    .addHelpText(
      "after",
      "\nA saved plan is refused once the config or AWS has moved: the two halves of a pull request.\n" +
        "--only and --skip take a link (provider, trust), a role's name, or an id as the plan shows it.\n" +
        "Exits 1 when up would refuse the plan, and says why.\n",
    )
    .action(async (options: PlanOptions) => {
      if (options.bindings !== undefined) {
        const { runPlanBindings } = await import("./run-bindings.ts");
        return runPlanBindings(context, { ...options, bindings: options.bindings });
      }
      const { runPlan } = await import("./run.ts");
      return runPlan(context, options);
    });
}
