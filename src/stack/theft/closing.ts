import { mapLimit } from "../../core/base/index.ts";
import {
  type ClosingOutcome,
  type PartContext,
  type PartyClosing,
  type Reopening,
  theftAnswersOfParties,
} from "../parts/index.ts";
import type { AccessEnding } from "./access-ending.ts";

type AnswerAt = Awaited<ReturnType<typeof theftAnswersOfParties>>[number];

const few = 4;

/** Asks each place; one that has no part in it answers nothing. */
async function endings(
  answers: readonly AnswerAt[],
  ask: (answer: AnswerAt) => Promise<readonly ClosingOutcome[]>,
): Promise<readonly AccessEnding[]> {
  const all = await mapLimit(
    answers,
    async (answer) => {
      const { party, place } = answer;
      return (await ask(answer)).map((one): AccessEnding => ({ party, place, ...one }));
    },
    few,
  );
  return all.flat();
}

const isOwn = ({ closing }: { readonly closing?: PartyClosing }): boolean => closing?.isOwnAccess === true;

/**
 * Closes the relying parties of a config beside AWS to every token of its issuer, by the caller's rights there and without the
 * cluster: places that podtrust's own parts may use first, since a thief could take a closing back by them. Throws only the
 * signal's reason.
 */
export async function closeParties(
  context: PartContext,
  signal: AbortSignal,
): Promise<readonly AccessEnding[]> {
  const answers = await theftAnswersOfParties(context);
  const close = ({ closing }: AnswerAt): Promise<readonly ClosingOutcome[]> =>
    closing?.close(signal) ?? Promise.resolve([]);
  const own = await endings(answers.filter(isOwn), close);
  return [
    ...own,
    ...(await endings(
      answers.filter((one) => !isOwn(one)),
      close,
    )),
  ];
}

/** Opens what `closeParties` has closed, or says why something stays closed. Throws only the signal's reason. */
export async function reopenParties(
  context: PartContext,
  reopening: Reopening,
  signal: AbortSignal,
): Promise<readonly AccessEnding[]> {
  return endings(
    await theftAnswersOfParties(context),
    ({ closing }) => closing?.reopen(reopening, signal) ?? Promise.resolve([]),
  );
}

/** Notes at what is closed that a stolen key is published no more, as was just seen from outside. Throws only the signal's reason. */
export async function noteWithdrawal(
  context: PartContext,
  signal: AbortSignal,
): Promise<readonly AccessEnding[]> {
  return endings(
    await theftAnswersOfParties(context),
    ({ noteKeyGone }) => noteKeyGone?.(signal) ?? Promise.resolve([]),
  );
}
