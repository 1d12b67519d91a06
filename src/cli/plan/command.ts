import type { Command } from "commander";
import { PodtrustError } from "../../core/base/index.ts";
import type { CommandUses } from "../../core/command-line/index.ts";
import type { FilePlanner } from "../../operator/bindings/index.ts";
import type { BoundParty, partyNames } from "../../rules/bindings/index.ts";
import type { StackCommandOptions } from "../changes/open.ts";
import type { SpecOptions } from "../changes/spec.ts";
import type { CommandContext } from "../context.ts";
import { withAllowances, withLeave, withSelection, withStackOptions } from "../options/stack.ts";

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
  withLeave(withAllowances(withSelection(withStackOptions(command))))
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
    .action(({ bindings, ...options }: PlanOptions) =>
      bindings === undefined ? runPlan(context, options) : planBindings(context, bindings, options),
    );
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

function checkAlone({ down, out, only, skip }: PlanOptions): void {
  if ([down, out, only, skip].every((one) => one === undefined)) return;
  throw new PodtrustError("usage", "--bindings goes with --check, --upsert-only and --azure-cli alone", {
    next: "Leave out --down, --out, --only and --skip.",
  });
}

/** What planners are made with. */
interface Given extends Pick<CommandContext, "clock" | "env"> {
  readonly notice: (text: string) => void;
  readonly azureCli: boolean;
}

/** One row for each relying party, loaded only if the files have its objects. */
const planners: Readonly<Record<BoundParty, (given: Given) => Promise<FilePlanner>>> = {
  async aws({ clock, notice }) {
    const { planningRoles } = await import("../../operator/bindings/index.ts");
    return planningRoles(clock, notice);
  },
  async azure({ clock, env, azureCli }) {
    const { planningIdentities } = await import("../../operator/bindings/azure/index.ts");
    return planningIdentities({ clock, env, azureCli });
  },
  async gcp({ clock, env, notice }) {
    const { planningMembers } = await import("../../operator/bindings/gcp/index.ts");
    return planningMembers({ clock, env }, notice);
  },
};

/** `podtrust plan --bindings DIR`: what the operator would do at each relying party. Exit codes as `plan`. */
async function planBindings(context: CommandContext, folder: string, options: PlanOptions): Promise<void> {
  checkAlone(options);
  const { partyNames } = await import("../../rules/bindings/index.ts");
  const { isEmpty } = await import("../../rules/plan/index.ts");
  const { BindingFiles, planView } = await import("../../stack/index.ts");
  const { printPlan, printRefusals } = await import("../changes/print-plan.ts");
  const { bindingTexts } = await import("../options/binding-files.ts");
  const { clock, env, signal, progress, output } = context;
  const { upsertOnly = false, azureCli = false } = options;
  const files = new BindingFiles(await bindingTexts(context.path(folder)));
  const notice = (text: string): void => progress.line(`note: ${text}`, 6);
  const opened: FilePlanner[] = [];
  try {
    for (const party of files.parties) opened.push(await planners[party]({ clock, env, notice, azureCli }));
    const all = opened.map((one) => one.read(files, upsertOnly));
    // Every mistake of every file is reported before any relying party is asked.
    files.check();
    const plans = [];
    for (const plan of all) plans.push(...(await plan({ now: clock.now(), signal })));
    if (plans.length === 0) throw noTrust(folder, partyNames);
    for (const shown of plans) printPlan(context, shown);
    output.result({ plans: plans.map(planView) });
    const allowed = plans.map((shown) => printRefusals(context, shown));
    const differs = plans.some(({ plan }) => !isEmpty(plan));
    if (options.check === true && differs && allowed.every(Boolean)) context.exitCode = 3;
  } finally {
    for (const one of opened) one.close();
  }
}

function noTrust(folder: string, parties: typeof partyNames): PodtrustError {
  const kinds = Object.values(parties).map(({ trust }) => trust.kind);
  return new PodtrustError("binding-invalid", `${folder} holds no ${kinds.join(", no ")}`, {
    next: "Put the trust that the bindings name beside them.",
  });
}
