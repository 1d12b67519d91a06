import { errorText, PodtrustError, TimeLimit } from "../../../core/base/index.ts";
import type { CommandContext } from "../../context.ts";

/** `init` keeps no answers: it asks them again. */
export function initEnded(message: string): PodtrustError {
  return new PodtrustError("interrupted", message, {
    next: "Run it again; answers can be given as flags, see `podtrust init --help`.",
  });
}

/** How long each detection may take, in milliseconds: a person waits for it. */
export const detectTimeoutMs = 5000;

/** What was found, or why nothing was. */
export type Detected<T> = { readonly found: T } | { readonly missed: string };

/**
 * Detects something that a person could answer as well: a failure or a time-out is reported and is not an
 * error. Throws if the command was ended.
 */
export async function detect<T>(
  { signal, clock }: Pick<CommandContext, "signal" | "clock">,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Detected<T>> {
  const limit = new TimeLimit(clock, { ms: detectTimeoutMs, signal });
  const late = `no answer within ${detectTimeoutMs / 1000} s`;
  const { promise: given, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(new Error(late));
  limit.signal.addEventListener("abort", giveUp, { once: true });
  try {
    return { found: await Promise.race([work(limit.signal), given]) };
  } catch (error) {
    if (signal.aborted) throw initEnded("podtrust init was ended: nothing was written");
    return { missed: limit.isLate ? late : errorText(error) };
  } finally {
    limit.signal.removeEventListener("abort", giveUp);
    await limit.end();
  }
}
