import { errorText, PodtrustError } from "../../../core/base/index.ts";
import type { CommandContext } from "../../context.ts";

/** `init` keeps no answers: what was typed is asked again. */
export function initEnded(message: string): PodtrustError {
  return new PodtrustError("interrupted", message, {
    next: "Run it again; answers can be given as flags, see `podtrust init --help`.",
  });
}

/** How long anything is asked what it is, in milliseconds: a person waits for it. */
export const detectTimeoutMs = 5000;

/** What was found, or why nothing was. */
export type Detected<T> = { readonly found: T } | { readonly missed: string };

/**
 * Asks somebody something that a person could answer as well: what goes wrong is reported and no error, and so is an answer
 * that does not come in time. Throws where the command was ended.
 */
export async function detect<T>(
  { signal }: Pick<CommandContext, "signal">,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Detected<T>> {
  const late = AbortSignal.timeout(detectTimeoutMs);
  const ended = AbortSignal.any([signal, late]);
  const { promise: given, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(new Error(`no answer within ${detectTimeoutMs / 1000} s`));
  ended.addEventListener("abort", giveUp, { once: true });
  try {
    return { found: await Promise.race([work(ended), given]) };
  } catch (error) {
    if (signal.aborted) throw initEnded("podtrust init was ended: nothing was written");
    return { missed: late.aborted ? `no answer within ${detectTimeoutMs / 1000} s` : errorText(error) };
  } finally {
    ended.removeEventListener("abort", giveUp);
  }
}
