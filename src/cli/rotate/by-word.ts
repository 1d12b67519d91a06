import { errorText, isoSeconds, PodtrustError } from "../../core/base/index.ts";
import { declaredParties } from "../../config/index.ts";
import {
  answerTheft,
  dilemmaOf,
  evictHit,
  type OpenedRotation,
  theftOf,
} from "../../control-plane/rotation/index.ts";
import { partyRowText, type Theft, theftProgressText, theftText } from "../../rules/rotation/index.ts";
import type { CommandContext } from "../context.ts";
import { notedAtParties, openAtParties } from "./at-parties.ts";
import { checkClosable, closeAll } from "./closing.ts";
import { type AccountLocked, lockdownWarning, type RotateRun } from "./lockdown.ts";

type TheftsRecord = OpenedRotation["thefts"];

/** What may be typed beside `--thief-reaches-no-api`. */
export interface WordOptions {
  readonly wait?: boolean;
  readonly evict?: boolean;
  readonly cut?: boolean;
  readonly endSessions?: boolean;
}

/** Says what a theft means and, if roles are closed, which pods break. */
async function showTheft(run: RotateRun, theft: Theft, options: WordOptions): Promise<void> {
  const { clock, output } = run.context;
  for (const line of theftText(theft, isoSeconds, clock.now())) output.line(line);
  for (const name of declaredParties(run.config)) output.line(partyRowText(name));
  for (const line of openAtParties(run.config, undefined)) output.line(line);
  for (const line of await lockdownWarning(run, options)) output.line(line);
}

/** The next key signs and the stolen one is distrusted. */
async function replaced(
  run: RotateRun,
  { rotation, cluster }: Pick<OpenedRotation, "rotation" | "cluster">,
  { wait = false, evict = false, cut = false }: WordOptions,
  theft: Theft,
): Promise<void> {
  const { output, signal } = run.context;
  await answerTheft(rotation, theft, wait);
  if (cut) await notedAtParties(run);
  // It is out of what is published as seen from outside: from now on all times count.
  for (const line of openAtParties(run.config, run.context.clock.now())) output.line(line);
  if (evict) {
    for (const { pod, outcome } of await evictHit(cluster, theft, signal)) output.line(`${pod}: ${outcome}`);
  }
  output.line(
    `API servers accept tokens of ${theft.kid} until podtrust rotate finish verifiers ${theft.kid} --accept-loss ${theft.kid} removes it.`,
  );
}

/** The assumption may be wrong: an answer at once that is not at its end is never taken for it. Throws `rotation-refused`. */
async function checkNoneUnderWay({ signal }: CommandContext, remembered: TheftsRecord): Promise<void> {
  const known = (await remembered.read(signal)).thefts;
  const one = known.find(({ way, endedAt }) => way === "at-once" && endedAt === undefined);
  if (one === undefined) return;
  throw new PodtrustError("rotation-refused", theftProgressText(one), {
    next: `Bring that answer to its end first: podtrust rotate stolen ${one.stolen} --at-once.`,
    detail: { reason: "theft-under-way", stolen: one.stolen },
  });
}

/** Has the servers remember on what a person's word the answer rests. That they cannot be written to stops nothing. */
async function assumed(
  { progress, signal }: CommandContext,
  thefts: TheftsRecord,
  kid: string,
): Promise<void> {
  try {
    await thefts.keep({ stolen: kid, way: "thief-reaches-no-api", tainted: [], servers: {} }, signal);
  } catch (error) {
    signal.throwIfAborted();
    progress.line(`note: ${errorText(error)}`, 6);
  }
}

/** Which key was stolen, and how a person is asked. */
export interface StolenByWord {
  readonly kid: string;
  /** Throws `interrupted` for a no. */
  readonly agree: (question: string) => Promise<void>;
}

/**
 * The answer to a theft that rests on a person's word: the next key signs beside the stolen one, which is distrusted. Nothing is done and
 * nothing is written before the person agrees. Throws `rotation-refused` too while an answer at once is not at its end.
 */
export async function answeredByWord(
  run: RotateRun,
  opening: Pick<OpenedRotation, "rotation" | "cluster" | "thefts">,
  options: WordOptions,
  { kid, agree }: StolenByWord,
): Promise<readonly AccountLocked[]> {
  const locks = options.cut === true || options.endSessions === true;
  await checkNoneUnderWay(run.context, opening.thefts);
  const theft = theftOf(await opening.rotation.look(), kid);
  await showTheft(run, theft, options);
  const dilemma = dilemmaOf(theft);
  const isStuck = dilemma !== undefined && !(options.wait === true && theft.answer.way === "wait-or-lose");
  if (isStuck && !locks) throw dilemma;
  const question = isStuck ? "Close them? The key stays." : "Replace the key and distrust it?";
  await agree(question);
  await assumed(run.context, opening.thefts, kid);
  // First of all, and until a person opens them.
  if (locks) checkClosable(run, options);
  const accounts = locks ? await closeAll(run, options, opening.cluster) : [];
  if (isStuck) throw dilemma;
  await replaced(run, opening, options, theft);
  return accounts;
}
