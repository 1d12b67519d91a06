import { isEmpty } from "../../rules/plan/index.ts";
import { planView } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { type StackCommandOptions, unknownNameFor, withStack } from "../changes/open.ts";
import { writePlan } from "../changes/saved.ts";
import { printPlan, printRefusals } from "../changes/print-plan.ts";
import { type SpecOptions, specOf } from "../changes/spec.ts";

export interface PlanOptions extends StackCommandOptions, SpecOptions {
  readonly check?: boolean;
  readonly down?: boolean;
  /** Folder with files of bindings and trusts. */
  readonly bindings?: string;
  /** File for the plan. */
  readonly out?: string;
}

/** `podtrust plan`. Exit codes: 1 refused, 3 with `check` when something differs. */
export async function runPlan(context: CommandContext, options: PlanOptions): Promise<void> {
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
