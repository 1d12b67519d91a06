import { asPodtrustError, type Link } from "../../../core/base/index.ts";
import type { Seen } from "../facts.ts";

/** Tries something, and makes a fact of either outcome. Throws only the signal's reason. */
export async function seen<T>(signal: AbortSignal, look: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { kind: "seen", value: await look() };
  } catch (thrown) {
    signal.throwIfAborted();
    return { kind: "failed", error: asPodtrustError(thrown) };
  }
}

export function notTried(needs: Link): { readonly kind: "skipped"; readonly needs: Link } {
  return { kind: "skipped", needs };
}
