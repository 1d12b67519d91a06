import { isEmpty } from "../../plan/index.ts";
import { planView } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { type StackOptions, withStack } from "../changes/open.ts";
import { writePlan } from "../changes/saved.ts";
import { sayPlan, sayRefusals } from "../changes/say-plan.ts";
import { type WishOptions, wishOf } from "../changes/wish.ts";

export interface PlanOptions extends StackOptions, WishOptions {
  readonly check?: boolean;
  readonly down?: boolean;
  /** File for the plan. */
  readonly out?: string;
}

/** `podtrust plan`. Exit codes: 1 refused, 3 with `check` when something differs. */
export async function runPlan(context: CommandContext, options: PlanOptions): Promise<void> {
  await withStack(context, options, async (stack) => {
    const shown = await stack.plan(wishOf(options.down === true ? "absent" : "present", options));
    sayPlan(context, shown);
    context.output.result(planView(shown));
    if (!sayRefusals(context, shown)) return;
    if (options.out !== undefined) await writePlan(context, options.out, shown, options);
    if (options.check === true && !isEmpty(shown.plan)) context.exitCode = 3;
  });
}
