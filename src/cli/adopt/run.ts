import { defined, PodtrustError } from "../../core/base/index.ts";
import {
  type AdoptionContext,
  type AdoptionReport,
  checkRefusals,
  checkUnanswered,
  findStopped,
  finishAdoption,
  gatherAdoption,
  judgeAdoption,
  putBackStopped,
  putBackUnasked,
  runAdoption,
  type Scope,
  unasked,
  undoAdoption,
  type AdoptionMove,
  adoptionMoves,
  type Working,
} from "../../control-plane/adoption/index.ts";
import { confirm } from "../../core/terminal/index.ts";
import type { CommandContext } from "../context.ts";
import { type AdoptOptions, withAdoption } from "./open.ts";
import {
  awayText,
  printBack,
  printBackStatus,
  printPlan,
  printPutBack,
  printStatus,
  printStopped,
  printUnasked,
  stepText,
} from "./show.ts";
import { type ShownWaits, shownWaits, withWaits } from "./waits.ts";

async function reportOf(
  context: CommandContext,
  adoption: AdoptionContext,
  scope?: Scope,
): Promise<AdoptionReport> {
  return judgeAdoption(
    await withWaits(shownWaits(context), (waits) => gatherAdoption(adoption, waits, defined({ scope }))),
  );
}

/** Shows what blocks adoption, what it would do and what depends on the former issuer. */
export async function runAdoptPlan(context: CommandContext, options: AdoptOptions): Promise<void> {
  const report = await withAdoption(context, options, (adoption) => reportOf(context, adoption));
  printPlan(context, report, report.steps);
  context.output.result(report);
  if (report.refusals.length > 0) context.exitCode = 1;
}

/** Shows how far adoption is; exits 3 until every API server signs as the config's issuer. */
export async function runAdoptStatus(context: CommandContext, options: AdoptOptions): Promise<void> {
  const report = await withAdoption(context, options, (adoption) => reportOf(context, adoption));
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

interface Shown extends Working, ShownWaits {
  readonly restarts: readonly Restarted[];
}

/** Steps, waits and restarts as progress. */
function workingOf(context: CommandContext): Shown {
  const { progress } = context;
  const waits = shownWaits(context);
  const restarts: Restarted[] = [];
  return {
    ...waits,
    restarts,
    restarted({ server, kind }, { awayMs }) {
      waits.ended(true);
      restarts.push({ server, step: kind, awayMs });
      progress.line(awayText(server, awayMs), 6);
    },
    began(step) {
      waits.ended(true);
      progress.line(stepText(step), 2);
    },
    notice: (text) => progress.line(`note: ${text}`, 6),
  };
}

interface Carried {
  readonly name: "run" | "undo" | "finish";
  readonly question: string;
  /** What has to be done before anything else; true where that was all of this run. */
  readonly instead?: (adoption: AdoptionContext) => Promise<boolean>;
  readonly carry: (adoption: AdoptionContext, working: Working) => Promise<AdoptionReport>;
  readonly show: (context: CommandContext, report: AdoptionReport, move: AdoptionMove) => void;
  readonly showEnd: (context: CommandContext, report: AdoptionReport) => void;
}

/** Asks, unless the command line has said yes; says what a no means. */
async function agreed(
  context: CommandContext,
  { yes }: AdoptOptions,
  command: string,
  question: string,
): Promise<boolean> {
  if (yes === true || (await confirm(context, command, question))) return true;
  context.exitCode = 1;
  context.output.line("Nothing was done.");
  return false;
}

/** Does work that shows its steps, then its end. */
async function shown<T extends object>(
  context: CommandContext,
  work: (working: Working) => Promise<T>,
  showEnd: (done: T) => void,
): Promise<void> {
  const working = workingOf(context);
  const done = await withWaits(working, work);
  showEnd(done);
  context.output.result({ ...done, restarted: working.restarts });
}

/** A unit that names the issuer is written too: nobody says yes to that without having been asked. */
function withUnits({ servers }: AdoptionReport, question: string): string {
  const units = servers.flatMap(({ name, unit }) =>
    unit === undefined || unit.given.length === 0 ? [] : [`${unit.unit} on ${name}`],
  );
  return units.length === 0 ? question : `Take the issuer's flags out of ${units.join(" and ")}? ${question}`;
}

/** Shows the steps, asks, and carries them out one by one. */
async function carryOut(context: CommandContext, options: AdoptOptions, carried: Carried): Promise<void> {
  const { name, question, carry, show, showEnd, instead } = carried;
  const move = adoptionMoves[name];
  await withAdoption(context, options, async (adoption) => {
    if (instead !== undefined && (await instead(adoption))) return;
    const before = await reportOf(context, adoption, move.scope);
    if (move.stepsOf(before).some(({ done }) => !done)) {
      show(context, before, move);
      checkRefusals(move.refusalsOf(before));
      if (!(await agreed(context, options, `adopt ${name}`, withUnits(before, question)))) return;
    }
    await shown(
      context,
      (working) => carry(adoption, working),
      (report) => showEnd(context, report),
    );
  });
}

const forward = {
  show: (context: CommandContext, report: AdoptionReport, { stepsOf }: AdoptionMove): void =>
    printPlan(context, report, stepsOf(report)),
  showEnd: printStatus,
};

/** Carries adoption out, or continues it. */
export function runAdoptRun(context: CommandContext, options: AdoptOptions): Promise<void> {
  return carryOut(context, options, {
    name: "run",
    question: "Restart the API servers one by one?",
    carry: runAdoption,
    ...forward,
  });
}

/** If no API server answers: restores over SSH the files from before the last change, once the user consents. */
async function runPutBack(context: CommandContext, options: AdoptOptions): Promise<void> {
  await withAdoption(context, options, async (adoption) => {
    if (adoption.servers.length === 0) {
      throw new PodtrustError(
        "usage",
        `${adoption.config.file} lists no cluster.servers: nothing is reached over SSH`,
        {
          next: "List the control plane nodes there, or put their files back by hand.",
        },
      );
    }
    const { goesOn } = await checkUnanswered(adoption);
    printUnasked(
      context,
      adoption.servers.map(({ api }) => api.name),
      goesOn,
    );
    const question = "Put the files back, without knowing which pods break?";
    if (!(await agreed(context, options, "adopt undo", question))) return;
    await shown(
      context,
      async (working) => ({ putBack: await putBackUnasked(adoption, working), unasked }),
      ({ putBack }) => printPutBack(context, putBack),
    );
  });
}

/**
 * If some API servers do not start since podtrust changed their files, though others answer: restores those,
 * once the user consents. Returns whether there are any.
 */
async function mendedStopped(
  context: CommandContext,
  options: AdoptOptions,
  adoption: AdoptionContext,
): Promise<boolean> {
  const stopped = await withWaits(shownWaits(context), (waits) => findStopped(adoption, waits));
  if (stopped.length === 0) return false;
  printStopped(
    context,
    stopped.map(({ api }) => api.name),
  );
  if (!(await agreed(context, options, "adopt undo", "Put the files back?"))) return true;
  await shown(
    context,
    async (working) => ({ putBack: await putBackStopped(adoption, stopped, working) }),
    ({ putBack }) => printPutBack(context, putBack),
  );
  return true;
}

/** Goes back, or continues going back. */
export function runAdoptUndo(context: CommandContext, options: AdoptOptions): Promise<void> {
  if (options.withoutApi === true) return runPutBack(context, options);
  return carryOut(context, options, {
    name: "undo",
    instead: (adoption) => mendedStopped(context, options, adoption),
    question: "Restart the API servers one by one, back to the old issuer?",
    carry: undoAdoption,
    show: printBack,
    showEnd: printBackStatus,
  });
}

/** Removes the former issuers, or continues it. */
export function runAdoptFinish(context: CommandContext, options: AdoptOptions): Promise<void> {
  return carryOut(context, options, {
    name: "finish",
    question: "Remove the old issuer from every API server?",
    carry: finishAdoption,
    ...forward,
  });
}
