import { PodtrustError } from "../../base/index.ts";
import { type ApplyOutcome, isEmpty } from "../../plan/index.ts";
import { changeView, type PlanWish, planView, type Stack, type StackPlan } from "../../stack/index.ts";
import { tellApplying } from "./applying.ts";
import { confirm, green } from "../terminal/index.ts";
import type { CommandContext } from "../context.ts";
import { sayFailure } from "../failure.ts";
import { sayPlan, sayRefusals } from "./say-plan.ts";
import { type StackOptions, withStack } from "./open.ts";

export interface ChangeOptions extends StackOptions {
  readonly yes?: boolean;
  readonly upsertOnly?: boolean;
}

interface Command {
  readonly name: "up" | "down" | "import";
  readonly wish: PlanWish;
  readonly question: string;
}

function outcomeView({ done, failed, skipped }: ApplyOutcome): object {
  return {
    done: done.map(changeView).map(({ id, link, kind }) => ({ id, link, kind })),
    failed: failed.map(({ change, error }) => ({ id: change.resource.id, error: error.toJSON() })),
    skipped: skipped.map(({ resource }) => ({ id: resource.id })),
  };
}

function sayOutcome(context: CommandContext, outcome: ApplyOutcome): void {
  const { done, failed, skipped } = outcome;
  const { output } = context;
  if (failed.length + skipped.length === 0) {
    output.line(green(`Done: ${done.length} of ${done.length}.`));
    return;
  }
  context.exitCode = 1;
  output.line(`${done.length} done, ${failed.length} failed, ${skipped.length} left out.`);
  if (context.json) return;
  for (const { error } of failed) sayFailure(context, error);
  if (failed.length === 0) sayFailure(context, new PodtrustError("interrupted", "ended by a signal"));
}

async function agreed(
  context: CommandContext,
  stack: Stack,
  shown: StackPlan,
  command: Command,
): Promise<boolean> {
  if (await confirm(context, command.name, command.question)) {
    // While somebody thought it over, somebody else may have acted.
    await stack.checkUnchanged(shown);
    return true;
  }
  context.exitCode = 1;
  context.output.line("Nothing was done.");
  return false;
}

/** Shows the plan of `up`, `down` or `import`, asks, and carries it out. */
export async function carryOut(
  context: CommandContext,
  options: ChangeOptions,
  command: Command,
): Promise<void> {
  await withStack(context, options, async (stack) => {
    const shown = await stack.plan(command.wish);
    sayPlan(context, shown);
    const nothing = { done: [], failed: [], skipped: [] };
    if (!sayRefusals(context, shown) || isEmpty(shown.plan)) {
      context.output.result({ ...planView(shown), ...nothing });
      return;
    }
    if (options.yes !== true && !(await agreed(context, stack, shown, command))) return;
    const outcome = await stack.apply(shown, { onEvent: tellApplying(context) });
    sayOutcome(context, outcome);
    context.output.result({ ...planView(shown), ...outcomeView(outcome) });
  });
}
