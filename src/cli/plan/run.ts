import { isEmpty } from "../../plan/index.ts";
import { planView } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { type StackOptions, withStack } from "../changes/open.ts";
import { sayPlan, sayRefusals } from "../changes/say-plan.ts";

export interface PlanOptions extends StackOptions {
  readonly check?: boolean;
  readonly down?: boolean;
  readonly upsertOnly?: boolean;
}

/** `podtrust plan`. Exit codes: 1 refused, 3 with `check` when something differs. */
export async function runPlan(context: CommandContext, options: PlanOptions): Promise<void> {
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
