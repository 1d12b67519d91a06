import { PodtrustError } from "../../core/base/index.ts";
import type { Config } from "../../config/index.ts";
import { type ApplyOutcome, isEmpty, unconfirmedOf } from "../../rules/plan/index.ts";
import { changeView, type PlanSpec, planView, type Stack, type StackPlan } from "../../stack/index.ts";
import { reportApplying } from "./applying.ts";
import { confirm, confirmName, green } from "../../core/terminal/index.ts";
import type { CommandContext } from "../context.ts";
import { printFailure } from "../../core/command-line/index.ts";
import { printPlan, printRefusals } from "./print-plan.ts";
import { type StackCommandOptions, unknownNameFor, withStack } from "./open.ts";
import type { SpecOptions } from "./spec.ts";

export interface ChangeOptions extends StackCommandOptions, SpecOptions {
  readonly yes?: boolean;
  /** The stack's name, typed on the command line in place of an answer. */
  readonly confirm?: string;
}

/** A command that changes something. */
export interface Command {
  readonly name: "up" | "down" | "import";
  readonly spec: PlanSpec;
  readonly question: string;
  readonly afterwards?: AfterChanges;
}

/** What is said once all is done and nothing failed; gives members of the result. */
export type AfterChanges = (config: Config) => Promise<object>;

function outcomeView({ done, failed, skipped, unconfirmed }: ApplyOutcome): object {
  return {
    done: done.map(changeView).map(({ id, link, kind }) => ({ id, link, kind })),
    failed: failed.map(({ change, error }) => ({ id: change.resource.id, error: error.toJSON() })),
    skipped: skipped.map(({ resource }) => ({ id: resource.id })),
    unconfirmed: unconfirmed.map(({ change, error }) => ({ id: change.resource.id, error: error.toJSON() })),
  };
}

function printOutcome(context: CommandContext, outcome: ApplyOutcome): void {
  const { done, failed, skipped, unconfirmed } = outcome;
  const { output } = context;
  if (failed.length + skipped.length + unconfirmed.length === 0) {
    // Where only an earlier run's changes were waited for, what is there to say was said.
    if (done.length > 0) output.line(green(`Done: ${done.length} of ${done.length}.`));
    return;
  }
  context.exitCode = 1;
  const more = unconfirmed.length === 0 ? "" : `; ${unconfirmed.length} not yet confirmed`;
  output.line(`${done.length} done, ${failed.length} failed, ${skipped.length} skipped${more}.`);
  if (context.json) return;
  const isInterrupted = (error: PodtrustError): boolean => error.code === "interrupted";
  for (const { error } of failed) if (!isInterrupted(error)) printFailure(context, error);
  for (const { error } of unconfirmed) if (!isInterrupted(error)) printFailure(context, error);
  if (context.signal.aborted) printFailure(context, interruption(outcome));
}

/** What was done although the run was interrupted. */
function interruption({ failed, skipped, unconfirmed }: ApplyOutcome): PodtrustError {
  const [first, ...more] = unconfirmed.map(({ change }) => change.resource.id);
  if (failed.length + skipped.length > 0 || first === undefined) {
    return new PodtrustError("interrupted", "ended by a signal");
  }
  const what = more.length === 0 ? first : `${first} and ${more.length} more`;
  const sentence = `ended by a signal while waiting: all changes are made, and whether ${what} can be used yet is not known`;
  // IAM says when a role was created, and not when its trust policy was changed.
  const isNew = unconfirmed.every(({ change }) => change.kind === "create");
  const next = isNew
    ? "Run it again: it waits for what is new."
    : "Look whether STS knows them by now: podtrust status.";
  return new PodtrustError("interrupted", sentence, { next });
}

/** Whether a machine is deleted, which has more on it than the config says. */
function losesMachine({ plan }: StackPlan): boolean {
  return plan.changes.some(
    ({ kind, resource }) => resource.kind === "server" && (kind === "delete" || kind === "replace"),
  );
}

/** Whether the command line agrees to the plan by itself. Throws `usage` for the name of another stack. */
function isAgreed(shown: StackPlan, { yes, confirm: name }: ChangeOptions): boolean {
  const { stack } = shown.config;
  if (name !== undefined && name !== stack) {
    throw new PodtrustError("usage", `--confirm says ${name}, and ${shown.config.file} is stack ${stack}`, {
      next: "Check that it is the stack that you mean.",
    });
  }
  // Naming the stack is a yes; yes alone is not enough if a machine is deleted.
  return name !== undefined || (yes === true && !losesMachine(shown));
}

async function agreed(
  context: CommandContext,
  stack: Stack,
  shown: StackPlan,
  command: Command,
): Promise<StackPlan | undefined> {
  const { name, question } = command;
  const said = losesMachine(shown)
    ? await confirmName(context, name, shown.config.stack)
    : await confirm(context, name, question);
  // While one person thinks it over, another may act.
  if (said) return stack.checkUnchanged(shown);
  context.exitCode = 1;
  context.output.line("Nothing was done.");
  return undefined;
}

/** Prints the result of a command, and what is said after it. */
async function ended(
  context: CommandContext,
  plan: StackPlan,
  outcome: object,
  afterwards: AfterChanges | undefined,
): Promise<void> {
  const more = context.exitCode === 0 ? await afterwards?.(plan.config) : undefined;
  context.output.result({ ...planView(plan), ...outcome, ...more });
}

/** Carries out a plan that was agreed to, and says what came of it. */
export async function perform(
  context: CommandContext,
  stack: Stack,
  plan: StackPlan,
  afterwards?: AfterChanges,
): Promise<void> {
  const outcome = await stack.apply(plan, { onEvent: reportApplying(context) });
  printOutcome(context, outcome);
  await ended(context, plan, outcomeView(outcome), afterwards);
}

/** What an earlier run made and did not confirm, in a line; undefined if there is none. */
function unconfirmedLine(plan: StackPlan): string | undefined {
  const [first, ...more] = unconfirmedOf(plan.plan);
  if (first === undefined || !first.observed.exists) return undefined;
  const { id } = first.resource;
  const since = `${id} ${first.observed.unconfirmed ?? ""}`;
  if (more.length === 0) return `${since}: asking whether it can be used yet.`;
  return `${since}, and ${more.length} more like it: asking whether they can be used yet.`;
}

/** Shows the plan of `up`, `down` or `import`, asks, and carries it out. */
export async function carryOut(
  context: CommandContext,
  options: ChangeOptions,
  command: Command,
): Promise<void> {
  const { goal, adopt } = command.spec;
  await withStack(context, options, unknownNameFor(goal, adopt), async (stack) => {
    const shown = await stack.plan(command.spec);
    printPlan(context, shown);
    const isDone = isEmpty(shown.plan);
    const young = unconfirmedLine(shown);
    if (!printRefusals(context, shown) || (isDone && young === undefined)) {
      const none = { done: [], failed: [], skipped: [], unconfirmed: [] };
      return ended(context, shown, none, command.afterwards);
    }
    if (young !== undefined) context.output.line(young);
    const asks = !isDone && !isAgreed(shown, options);
    const plan = asks ? await agreed(context, stack, shown, command) : shown;
    if (plan !== undefined) await perform(context, stack, plan, command.afterwards);
  });
}
