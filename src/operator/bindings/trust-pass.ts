import type { Clock } from "../../core/base/index.ts";
import type { ConditionContent } from "../../rules/bindings/index.ts";
import type { BindingEvent, ClusterClients, TrustFactsOf, TrustOutcome } from "./pass.ts";
import { isEnding, isKept, keep, trustEnded } from "./status.ts";

/** What of bindings that are gone is left at a relying party, of one trust. */
export interface TrustLeftovers {
  /** Whether there was some when it was looked at last. */
  readonly areThere: boolean;
}

/** What a trust that was read, or not, came to. */
export interface TrustJudgement {
  readonly ready: Pick<ConditionContent, "reason" | "message">;
  readonly events: readonly BindingEvent[];
  readonly againIn: number;
  /** Whether all places of leftovers were looked at, or nobody waits for those that were not. */
  readonly isSeen: boolean;
}

/** Whether a trust is being deleted, and no binding names it any more. */
export function isGoing({ object, bindings }: TrustFactsOf<unknown>): boolean {
  return isEnding(object) && bindings.size === 0;
}

/**
 * One pass of a trust, whichever relying party's. It stays while bindings name it, and while leftovers of some are there: without
 * it nobody could find them any more. `judge` looks at the relying party. Throws what keeps the status from being written.
 */
export async function trustPass<Leftovers extends TrustLeftovers>(
  facts: TrustFactsOf<Leftovers>,
  { cluster }: ClusterClients,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  judge: () => Promise<TrustJudgement>,
): Promise<TrustOutcome> {
  const { object, bindings, leftovers } = facts;
  const over = { conditions: [], events: [], againIn: undefined };
  if (isGoing(facts) && !isKept(object)) return over;
  // One that is being deleted takes no finalizer any more.
  if (!isEnding(object) && bindings.size > 0) await keep(cluster, object, true, signal);
  const { ready, events, againIn, isSeen } = await judge();
  if (bindings.size === 0 && isSeen) {
    await keep(cluster, object, !isGoing(facts) && leftovers.areThere, signal);
    if (isGoing(facts)) return { ...over, events };
  }
  const at = { now: clock.now(), signal };
  return { conditions: await trustEnded(cluster, facts, ready, at), events, againIn };
}
