import { loadGoogleClosings, type PartContext } from "../parts/index.ts";
import type { TheftAnswerAt } from "./theft-answer.ts";

/** The projects of a config: their pools or providers are disabled until a person opens them. */
export async function googleAnswers(context: PartContext): Promise<readonly TheftAnswerAt[]> {
  const closings = await loadGoogleClosings(context);
  return closings.map((closing) => ({
    place: closing.place,
    closing,
    noteKeyGone: (signal) => closing.noteKeyGone(signal),
  }));
}
