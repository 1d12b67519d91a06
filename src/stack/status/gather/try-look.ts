import { asPodtrustError, type Link } from "../../../core/base/index.ts";
import type { LookResult } from "../facts.ts";

/** Tries something, and makes a fact of either outcome. Throws only the signal's reason. */
export async function tryLook<T>(signal: AbortSignal, look: () => Promise<T>): Promise<LookResult<T>> {
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
