import { isEmpty } from "../../plan/index.ts";
import { planView, type StackPlan } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { sayFailure } from "../failure.ts";
import { planLines } from "../changes/plan-text.ts";
import { type StackCommandOptions, withStack } from "../changes/open.ts";

export interface PlanCommandOptions extends StackCommandOptions {
  readonly check?: boolean;
  readonly down?: boolean;
  readonly upsertOnly?: boolean;
}

/** Shows a plan to a person, its warnings with it. */
export function sayPlan(context: CommandContext, shown: StackPlan): void {
  const { output, progress } = context;
  for (const line of planLines(shown, output.style)) output.line(line);
  if (!context.json) for (const warning of shown.warnings) progress.line(`warning: ${warning}`);
}

/** Says why a plan must not be applied, all of it; gives whether it may. */
export function sayRefusals(context: CommandContext, { plan }: StackPlan): boolean {
  if (plan.refusals.length === 0) return true;
  context.exitCode = 1;
  if (!context.json) for (const refusal of plan.refusals) sayFailure(context, refusal);
  return false;
}

/** `podtrust plan`. Exit codes: 1 refused, 3 with `check` when something differs. */
export async function showPlan(context: CommandContext, options: PlanCommandOptions): Promise<void> {
  await withStack(context, options, async (stack) => {
    const shown = await stack.plan({
      goal: options.down === true ? "absent" : "present",
      policy: options.upsertOnly === true ? "upsert-only" : "sync",
    });
    sayPlan(context, shown);
    context.output.result(planView(shown));
    if (!sayRefusals(context, shown)) return;
    if (options.check === true && !isEmpty(shown.plan)) context.exitCode = 3;
  });
}
