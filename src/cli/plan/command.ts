import type { Command } from "commander";
import { withAllowances, withSelection, withStackOptions } from "../options/stack.ts";
import { PodtrustError } from "../../core/base/index.ts";
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

/** What was typed. */
interface PlanBindingsOptions {
  readonly bindings: string;
  readonly check?: boolean;
  readonly down?: boolean;
  readonly out?: string;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly upsertOnly?: boolean;
}

/** Examples and guide of the command. */
export const planUses: CommandUses = {
  plan: {
    examples: ["podtrust plan", "podtrust plan --check -o prod.plan", "podtrust plan --bindings ./bindings"],
    guide: "aws",
  },
};

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
      "plan the AWSRoleBinding and AWSTrust files of this folder instead of a config; those of other relying parties are left out",
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

function checkAlone({ down, out, only, skip }: PlanBindingsOptions): void {
  if ([down, out, only, skip].every((one) => one === undefined)) return;
  throw new PodtrustError("usage", "--bindings goes with --check and --upsert-only alone", {
    next: "Leave out --down, --out, --only and --skip.",
  });
}

/** `podtrust plan --bindings DIR`: what the operator would do in AWS. Exit codes as `plan`. */
async function runPlanBindings(context: CommandContext, options: PlanBindingsOptions): Promise<void> {
  const { isEmpty } = await import("../../rules/plan/index.ts");
  const { BoundAccounts, planBindings } = await import("../../operator/bindings/index.ts");
  const { planView, readBindingTexts } = await import("../../stack/index.ts");
  const { printPlan, printRefusals } = await import("../changes/print-plan.ts");
  const { bindingTexts } = await import("../options/binding-files.ts");
  checkAlone(options);
  const { clock, signal, progress, output } = context;
  const { left, ...files } = readBindingTexts(await bindingTexts(context.path(options.bindings)));
  if (left.length > 0)
    progress.line(`note: ${left.join(", ")} left out: AWS's bindings alone are planned`, 6);
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
