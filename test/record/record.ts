import type { Clock } from "../../src/core/base/index.ts";
import { defined, mapped } from "../../src/core/base/index.ts";
import type { UsedValues } from "./mask.ts";
import { type RecordedCase, recordedAnswer, type RecordedQuestion, type Recording } from "./recording.ts";
import { LeftOut, type Recorder } from "./vendor.ts";

export interface RecordRun {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly used: UsedValues;
  /** Milliseconds between two calls: far below what a vendor lets through. */
  readonly pauseMs: number;
  readonly say: (line: string) => void;
}

/** Runs one part; undefined, and a line, where this run has no answer for it. */
async function orLeftOut<T>(what: string, { say }: RecordRun, run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof LeftOut)) throw error;
    say(`left out: ${what}: ${error.message}`);
    return undefined;
  }
}

async function askedCases(recorder: Recorder, run: RecordRun): Promise<readonly RecordedCase[]> {
  const found: RecordedCase[] = [];
  for (const { rule, name } of recorder.cases.cases) {
    run.signal.throwIfAborted();
    const answer = await orLeftOut(name, run, () => recorder.ask(name));
    if (answer !== undefined) found.push({ rule, case: name, ...recordedAnswer(answer, run.used) });
    await run.clock.sleep(run.pauseMs, run.signal);
  }
  return found;
}

async function askedQuestions(recorder: Recorder, run: RecordRun): Promise<readonly RecordedQuestion[]> {
  const found: RecordedQuestion[] = [];
  for (const [question, sentence] of Object.entries(recorder.cases.questions)) {
    run.signal.throwIfAborted();
    run.say(sentence);
    const measured = await orLeftOut(question, run, () => recorder.measure(question));
    if (measured === undefined) continue;
    const { answer, ...rest } = measured;
    found.push({
      question,
      ...rest,
      ...defined({ answer: mapped(answer, (given) => recordedAnswer(given, run.used)) }),
    });
  }
  return found;
}

/**
 * Records a vendor: removes what an earlier run left, makes what the cases need, asks them and the open questions one after
 * another, and takes everything away again, whatever happens. What could not be taken away is said, and goes with the next run.
 */
export async function record(recorder: Recorder, run: RecordRun): Promise<Recording> {
  for (const gone of await recorder.sweep()) run.say(`removed ${gone}, which an earlier run left behind`);
  try {
    await recorder.open();
    const cases = await askedCases(recorder, run);
    const questions = await askedQuestions(recorder, run);
    const date = new Date(run.clock.now()).toISOString().slice(0, "2026-11-29".length);
    return { format: 1, vendor: recorder.cases.vendor, date, cases, questions };
  } finally {
    for (const left of await recorder.close()) run.say(`not removed, which the next run does: ${left}`);
  }
}
