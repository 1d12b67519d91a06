import { PodtrustError } from "../../core/base/index.ts";
import { isEmpty } from "../../rules/plan/index.ts";
import { BoundAccounts, planBindings } from "../../operator/bindings/index.ts";
import { planView, readBindingTexts } from "../../stack/index.ts";
import { printPlan, printRefusals } from "../changes/print-plan.ts";
import type { CommandContext } from "../context.ts";
import { bindingTexts } from "../options/binding-files.ts";

/** What was typed. */
export interface PlanBindingsOptions {
  readonly bindings: string;
  readonly check?: boolean;
  readonly down?: boolean;
  readonly out?: string;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly upsertOnly?: boolean;
}

function checkAlone({ down, out, only, skip }: PlanBindingsOptions): void {
  if ([down, out, only, skip].every((one) => one === undefined)) return;
  throw new PodtrustError("usage", "--bindings goes with --check and --upsert-only alone", {
    next: "Leave out --down, --out, --only and --skip.",
  });
}

/** `podtrust plan --bindings DIR`: what the operator would do in AWS. Exit codes as `plan`. */
export async function runPlanBindings(context: CommandContext, options: PlanBindingsOptions): Promise<void> {
  checkAlone(options);
  const { clock, signal, progress, output } = context;
  const files = readBindingTexts(await bindingTexts(context.path(options.bindings)));
  const aws = new BoundAccounts({ clock, notice: (text) => progress.line(`note: ${text}`, 6) });
  try {
    const set = { ...files, upsertOnly: options.upsertOnly === true };
    const plans = await planBindings(set, aws, { now: clock.now(), signal });
    if (plans.length === 0)
      throw new PodtrustError("binding-invalid", `${options.bindings} holds no AWSTrust`, {
        next: "Put the AWSTrust that the bindings name beside them.",
      });
    for (const shown of plans) printPlan(context, shown);
    output.result({ plans: plans.map(planView) });
    const allowed = plans.map((shown) => printRefusals(context, shown));
    const differs = plans.some(({ plan }) => !isEmpty(plan));
    if (options.check === true && differs && allowed.every(Boolean)) context.exitCode = 3;
  } finally {
    aws.close();
  }
}
