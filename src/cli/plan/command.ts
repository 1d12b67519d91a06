import type { Command } from "commander";
import { withAllowances, withSelection, withStackOptions } from "../options/stack.ts";
import type { CommandContext } from "../context.ts";
import type { StackCommandOptions } from "../changes/open.ts";
import type { SpecOptions } from "../changes/spec.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

interface PlanOptions extends StackCommandOptions, SpecOptions {
  readonly check?: boolean;
  readonly down?: boolean;
  /** Folder with files of bindings and trusts. */
  readonly bindings?: string;
  /** File for the plan. */
  readonly out?: string;
}

/** Examples and guide of the command. */
export const uses: CommandUses = {
  plan: {
    examples: ["podtrust plan", "podtrust plan --check -o prod.plan", "podtrust plan --bindings ./bindings"],
    guide: "aws",
  },
};

/** `podtrust plan`: what `up` would do, field by field. */
export function define(command: Command, context: CommandContext): void {
  withAllowances(withSelection(withStackOptions(command)))
    .option("--check", "exit 3 when something differs from the config")
    .option("--down", "show what down would delete instead")
    .option("-o, --out <file>", "save the plan, for podtrust up FILE to apply just that")
    .option(
      "--bindings <dir>",
      "plan the files of bindings and trusts in this folder instead of a config, each at its relying party",
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
      return runPlan(context, options);
    });
}

/** `podtrust plan`. Exit codes: 1 refused, 3 with `check` when something differs. */
async function runPlan(context: CommandContext, options: PlanOptions): Promise<void> {
  const { isEmpty } = await import("../../rules/plan/index.ts");
  const { planView } = await import("../../stack/index.ts");
  const { unknownNameFor, withStack } = await import("../changes/open.ts");
  const { writePlan } = await import("../changes/saved.ts");
  const { printPlan, printRefusals } = await import("../changes/print-plan.ts");
  const { specOf } = await import("../changes/spec.ts");
  const goal = options.down === true ? "absent" : "present";
  await withStack(context, options, unknownNameFor(goal), async (stack) => {
    const shown = await stack.plan(specOf(goal, options));
    printPlan(context, shown);
    context.output.result(planView(shown));
    if (!printRefusals(context, shown)) return;
    if (options.out !== undefined) await writePlan(context, options.out, shown, options);
    if (options.check === true && !isEmpty(shown.plan)) context.exitCode = 3;
  });
}
