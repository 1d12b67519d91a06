import {
  type AdoptionContext,
  type AdoptionReport,
  checkRefusals,
  finishAdoption,
  gatherAdoption,
  judgeAdoption,
  runAdoption,
  undoAdoption,
  type Working,
} from "../../control-plane/adoption/index.ts";
import { confirm, type Waiting } from "../../core/terminal/index.ts";
import type { CommandContext } from "../context.ts";
import { type AdoptOptions, withAdoption } from "./open.ts";
import { printPlan, printStatus, stepText } from "./show.ts";

async function reportOf(adoption: AdoptionContext): Promise<AdoptionReport> {
  return judgeAdoption(await gatherAdoption(adoption));
}

/** Shows what stands against adoption, what it would do and who depends on the issuer of before. */
export async function runAdoptPlan(context: CommandContext, options: AdoptOptions): Promise<void> {
  const report = await withAdoption(context, options, reportOf);
  printPlan(context, report, report.steps);
  context.output.result(report);
  if (report.refusals.length > 0) context.exitCode = 1;
}

/** Shows where a cluster stands; exits 3 until every API server signs as the config's issuer. */
export async function runAdoptStatus(context: CommandContext, options: AdoptOptions): Promise<void> {
  const report = await withAdoption(context, options, reportOf);
  printStatus(context, report);
  context.output.result(report);
  if (report.next !== undefined || report.refusals.length > 0) context.exitCode = 3;
}

/** Steps and waits as progress: one wait at a time. */
function workingOf({ progress }: CommandContext): Working & { ended(isDone: boolean): void } {
  let wait: Waiting | undefined;
  const ended = (isDone: boolean): void => {
    if (isDone) wait?.done();
    else wait?.failed();
    wait = undefined;
  };
  return {
    ended,
    began(step) {
      ended(true);
      progress.line(stepText(step), 2);
    },
    waiting(step, reason, deadline) {
      if (wait === undefined) wait = progress.wait({ what: `API server ${step.server}`, reason, deadline });
      else wait.update(reason);
    },
    notice: (text) => progress.line(`note: ${text}`, 6),
  };
}

interface Carried {
  readonly name: "adopt run" | "adopt undo" | "adopt finish";
  readonly question: string;
  readonly stepsOf: (report: AdoptionReport) => AdoptionReport["steps"];
  readonly carry: (adoption: AdoptionContext, working: Working) => Promise<AdoptionReport>;
}

/** Shows the steps, asks, and carries them out one by one. */
async function carryOut(context: CommandContext, options: AdoptOptions, carried: Carried): Promise<void> {
  const { name, question, stepsOf, carry } = carried;
  await withAdoption(context, options, async (adoption) => {
    const before = await reportOf(adoption);
    if (stepsOf(before).some(({ done }) => !done)) {
      printPlan(context, before, stepsOf(before));
      checkRefusals(before);
      if (options.yes !== true && !(await confirm(context, name, question))) {
        context.exitCode = 1;
        context.output.line("Nothing was done.");
        return;
      }
    }
    const working = workingOf(context);
    let isDone = false;
    try {
      const report = await carry(adoption, working);
      isDone = true;
      working.ended(true);
      printStatus(context, report);
      context.output.result(report);
    } finally {
      if (!isDone) working.ended(false);
    }
  });
}

/** Carries adoption out, or goes on with it. */
export function runAdoptRun(context: CommandContext, options: AdoptOptions): Promise<void> {
  return carryOut(context, options, {
    name: "adopt run",
    question: "Restart the API servers one by one?",
    stepsOf: ({ steps }) => steps,
    carry: runAdoption,
  });
}

/** Goes back, or goes on with going back. */
export function runAdoptUndo(context: CommandContext, options: AdoptOptions): Promise<void> {
  return carryOut(context, options, {
    name: "adopt undo",
    question: "Restart the API servers one by one, back to the old issuer?",
    stepsOf: ({ undo }) => undo,
    carry: undoAdoption,
  });
}

/** Takes the issuers of before out, or goes on with it. */
export function runAdoptFinish(context: CommandContext, options: AdoptOptions): Promise<void> {
  return carryOut(context, options, {
    name: "adopt finish",
    question: "Remove the old issuer from every API server?",
    stepsOf: ({ finish }) => finish,
    carry: finishAdoption,
  });
}
