import type { Clock } from "../../src/core/base/index.ts";
import { defined, errorText, lengthText, mapped } from "../../src/core/base/index.ts";
import type { OwnWords } from "./mask.ts";
import { type RecordedCase, recordedAnswer, type RecordedQuestion, type Recording } from "./recording.ts";
import { LeftOut, ownWordsOf, type Recorder } from "./vendor.ts";

export interface RecordRun {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds between two calls: far below what a vendor lets through. */
  readonly pauseMs: number;
  /** How long one open question may take, in milliseconds. */
  readonly maxWaitMs: number;
  readonly say: (line: string) => void;
}

/** So many failures in a row are no fault of a case. */
const maxFailures = 5;

/** What is asked of a vendor, one after another. */
class Asking {
  readonly #run: RecordRun;
  readonly own: OwnWords;
  #failures = 0;

  constructor(run: RecordRun, own: OwnWords) {
    this.#run = run;
    this.own = own;
  }

  /** Undefined, and a line, where this run has no answer to one part: whatever it was, the others have theirs. */
  async orLeftOut<T>(what: string, ask: () => Promise<T>): Promise<T | undefined> {
    this.#run.signal.throwIfAborted();
    try {
      const answer = await ask();
      this.#failures = 0;
      return answer;
    } catch (error) {
      this.#run.signal.throwIfAborted();
      if (!(error instanceof LeftOut)) this.#failures += 1;
      if (this.#failures >= maxFailures) throw error;
      this.#run.say(`left out: ${what}: ${errorText(error)}`);
      return undefined;
    }
  }
}

async function askedCases(
  recorder: Recorder,
  run: RecordRun,
  asking: Asking,
): Promise<readonly RecordedCase[]> {
  const found: RecordedCase[] = [];
  for (const { rule, name } of recorder.cases.cases) {
    const answer = await asking.orLeftOut(name, () => recorder.ask(name));
    if (answer !== undefined) found.push({ rule, case: name, ...recordedAnswer(answer, asking.own) });
    await run.clock.sleep(run.pauseMs, run.signal);
  }
  return found;
}

async function askedQuestions(
  recorder: Recorder,
  run: RecordRun,
  asking: Asking,
): Promise<readonly RecordedQuestion[]> {
  const found: RecordedQuestion[] = [];
  for (const [question, sentence] of Object.entries(recorder.cases.questions)) {
    run.say(sentence);
    const measured = await asking.orLeftOut(question, () => recorder.measure(question));
    if (measured === undefined) continue;
    const { answer, ...rest } = measured;
    found.push({
      question,
      ...rest,
      ...defined({ answer: mapped(answer, (given) => recordedAnswer(given, asking.own)) }),
    });
  }
  return found;
}

/** Milliseconds for all that is not waited for: about a hundred calls, and 25 slow writes. */
const askingMs = 900_000;

/**
 * Throws where the access token ends before the run may: at its end it could not take away what it made. Azure's and Google's
 * live for 60 to 90 minutes.
 */
async function checkAccessLasts(recorder: Recorder, { clock, maxWaitMs, say }: RecordRun): Promise<void> {
  const needs = recorder.waits * maxWaitMs + askingMs;
  const ends = await recorder.accessEnds();
  if (ends === undefined) {
    say(`this run may take ${lengthText(needs)}: credentials have to last as long`);
    return;
  }
  const lasts = ends - clock.now();
  if (lasts >= needs) return;
  const minutes = Math.floor((lasts - askingMs) / recorder.waits / 60_000);
  const way = minutes >= 1 ? `take a fresh one, or give --max-wait ${minutes}` : "take a fresh one";
  throw new Error(
    `the access token ends in ${lengthText(Math.max(0, lasts))}, and the run may take ${lengthText(needs)}: ${way}`,
  );
}

/**
 * Records a vendor: removes what an earlier run left, makes what the cases need, asks them and the open questions one after
 * another, and takes everything away again, whatever happens. What could not be taken away is said, and goes with the next run.
 */
export async function record(recorder: Recorder, run: RecordRun): Promise<Recording> {
  await checkAccessLasts(recorder, run);
  for (const gone of await recorder.sweep()) run.say(`removed ${gone}, which an earlier run left behind`);
  const asking = new Asking(run, await ownWordsOf(recorder.cases));
  try {
    await recorder.open();
    const cases = await askedCases(recorder, run, asking);
    const questions = await askedQuestions(recorder, run, asking);
    const date = new Date(run.clock.now()).toISOString().slice(0, "2026-11-29".length);
    return { format: 1, vendor: recorder.cases.vendor, date, cases, questions };
  } finally {
    for (const left of await recorder.close()) run.say(`not removed, which the next run does: ${left}`);
  }
}
