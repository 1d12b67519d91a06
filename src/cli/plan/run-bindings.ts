import { PodtrustError } from "../../core/base/index.ts";
import type { FilePlanner } from "../../operator/bindings/index.ts";
import { type BoundParty, partyNames } from "../../rules/bindings/index.ts";
import { isEmpty } from "../../rules/plan/index.ts";
import { BindingFiles, planView } from "../../stack/index.ts";
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
  readonly azureCli?: boolean;
}

function checkAlone({ down, out, only, skip }: PlanBindingsOptions): void {
  if ([down, out, only, skip].every((one) => one === undefined)) return;
  throw new PodtrustError("usage", "--bindings goes with --check, --upsert-only and --azure-cli alone", {
    next: "Leave out --down, --out, --only and --skip.",
  });
}

/** With what planners are made. */
interface Given extends Pick<CommandContext, "clock" | "env"> {
  readonly notice: (text: string) => void;
  readonly azureCli: boolean;
}

/** One row for each relying party, loaded where the files have something of it. */
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
export async function runPlanBindings(context: CommandContext, options: PlanBindingsOptions): Promise<void> {
  checkAlone(options);
  const { clock, env, signal, progress, output } = context;
  const { upsertOnly = false, azureCli = false } = options;
  const files = new BindingFiles(await bindingTexts(context.path(options.bindings)));
  const notice = (text: string): void => progress.line(`note: ${text}`, 6);
  const opened: FilePlanner[] = [];
  try {
    for (const party of files.parties) opened.push(await planners[party]({ clock, env, notice, azureCli }));
    const all = opened.map((one) => one.read(files, upsertOnly));
    // Every mistake of every file is told before anybody is asked.
    files.check();
    const plans = [];
    for (const plan of all) plans.push(...(await plan({ now: clock.now(), signal })));
    if (plans.length === 0) throw noTrust(options.bindings);
    for (const shown of plans) printPlan(context, shown);
    output.result({ plans: plans.map(planView) });
    const allowed = plans.map((shown) => printRefusals(context, shown));
    const differs = plans.some(({ plan }) => !isEmpty(plan));
    if (options.check === true && differs && allowed.every(Boolean)) context.exitCode = 3;
  } finally {
    for (const one of opened) one.close();
  }
}

function noTrust(folder: string): PodtrustError {
  const kinds = Object.values(partyNames).map(({ trust }) => trust.kind);
  return new PodtrustError("binding-invalid", `${folder} holds no ${kinds.join(", no ")}`, {
    next: "Put the trust that the bindings name beside them.",
  });
}
