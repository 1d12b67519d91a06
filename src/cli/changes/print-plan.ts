import type { ShownPlan } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { printFailure } from "../../core/command-line/index.ts";
import { planLines } from "./plan-text.ts";

/** Shows a plan to a person, its warnings with it. */
export function printPlan(context: CommandContext, shown: ShownPlan): void {
  const { output, progress } = context;
  for (const line of planLines(shown)) output.line(line);
  if (!context.json) for (const warning of shown.warnings) progress.line(`warning: ${warning}`, 9);
}

/** Prints every reason why a plan must not be applied; returns whether it may. */
export function printRefusals(context: CommandContext, { plan }: ShownPlan): boolean {
  if (plan.refusals.length === 0) return true;
  context.exitCode = 1;
  if (!context.json) for (const refusal of plan.refusals) printFailure(context, refusal);
  return false;
}
