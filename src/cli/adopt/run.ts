import {
  type AdoptionContext,
  type AdoptionReport,
  checkRefusals,
  finishAdoption,
  gatherAdoption,
  judgeAdoption,
  runAdoption,
  type Scope,
  undoAdoption,
  type AdoptionMove,
  adoptionMoves,
  type Working,
} from "../../control-plane/adoption/index.ts";
import { confirm, type Waiting } from "../../core/terminal/index.ts";
import type { CommandContext } from "../context.ts";
import { type AdoptOptions, withAdoption } from "./open.ts";
import { awayText, printBack, printBackStatus, printPlan, printStatus, stepText } from "./show.ts";

async function reportOf(adoption: AdoptionContext, scope: Scope = "all"): Promise<AdoptionReport> {
  return judgeAdoption(await gatherAdoption(adoption, scope));
}

/** Shows what stands against adoption, what it would do and who depends on the issuer of before. */
export async function runAdoptPlan(context: CommandContext, options: AdoptOptions): Promise<void> {
  const report = await withAdoption(context, options, (adoption) => reportOf(adoption));
  printPlan(context, report, report.steps);
  context.output.result(report);
  if (report.refusals.length > 0) context.exitCode = 1;
}

/** Shows where a cluster stands; exits 3 until every API server signs as the config's issuer. */
export async function runAdoptStatus(context: CommandContext, options: AdoptOptions): Promise<void> {
  const report = await withAdoption(context, options, (adoption) => reportOf(adoption));
  printStatus(context, report);
  context.output.result(report);
  if (report.next !== undefined || report.refusals.length > 0) context.exitCode = 3;
}

/** A restart as `--json` has it. */
interface Restarted {
  readonly server: string;
  readonly step: string;
  readonly awayMs: number;
}

interface Shown extends Working {
  readonly restarts: readonly Restarted[];
  ended(isDone: boolean): void;
}

/** Steps, waits and restarts as progress: one wait at a time. */
function workingOf({ progress }: CommandContext): Shown {
  let wait: Waiting | undefined;
  const restarts: Restarted[] = [];
  const ended = (isDone: boolean): void => {
    if (isDone) wait?.done();
    else wait?.failed();
    wait = undefined;
  };
  return {
    restarts,
    ended,
    restarted({ server, kind }, { awayMs }) {
      ended(true);
      restarts.push({ server, step: kind, awayMs });
      progress.line(awayText(server, awayMs), 6);
    },
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
  readonly name: "run" | "undo" | "finish";
  readonly question: string;
  readonly carry: (adoption: AdoptionContext, working: Working) => Promise<AdoptionReport>;
  readonly show: (context: CommandContext, report: AdoptionReport, move: AdoptionMove) => void;
  readonly showEnd: (context: CommandContext, report: AdoptionReport) => void;
}

/** Shows the steps, asks, and carries them out one by one. */
async function carryOut(context: CommandContext, options: AdoptOptions, carried: Carried): Promise<void> {
  const { name, question, carry, show, showEnd } = carried;
  const move = adoptionMoves[name];
  await withAdoption(context, options, async (adoption) => {
    const before = await reportOf(adoption, move.scope);
    if (move.stepsOf(before).some(({ done }) => !done)) {
      show(context, before, move);
      checkRefusals(move.refusalsOf(before));
      if (options.yes !== true && !(await confirm(context, `adopt ${name}`, question))) {
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
      showEnd(context, report);
      context.output.result({ ...report, restarted: working.restarts });
    } finally {
      if (!isDone) working.ended(false);
    }
  });
}

const forward = {
  show: (context: CommandContext, report: AdoptionReport, { stepsOf }: AdoptionMove): void =>
    printPlan(context, report, stepsOf(report)),
  showEnd: printStatus,
};

/** Carries adoption out, or goes on with it. */
export function runAdoptRun(context: CommandContext, options: AdoptOptions): Promise<void> {
  return carryOut(context, options, {
    name: "run",
    question: "Restart the API servers one by one?",
    carry: runAdoption,
    ...forward,
  });
}

/** Goes back, or goes on with going back. */
export function runAdoptUndo(context: CommandContext, options: AdoptOptions): Promise<void> {
  return carryOut(context, options, {
    name: "undo",
    question: "Restart the API servers one by one, back to the old issuer?",
    carry: undoAdoption,
    show: printBack,
    showEnd: printBackStatus,
  });
}

/** Takes the issuers of before out, or goes on with it. */
export function runAdoptFinish(context: CommandContext, options: AdoptOptions): Promise<void> {
  return carryOut(context, options, {
    name: "finish",
    question: "Remove the old issuer from every API server?",
    carry: finishAdoption,
    ...forward,
  });
}
