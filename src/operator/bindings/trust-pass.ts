import type { Clock } from "../../core/base/index.ts";
import type { ConditionContent } from "../../rules/bindings/index.ts";
import type { BindingEvent, ClusterClients, TrustFactsOf, TrustOutcome } from "./pass.ts";
import { isEnding, isKept, keep, trustEnded } from "./status.ts";

/** What is left at a relying party of one trust's deleted bindings. */
export interface TrustLeftovers {
  /** Whether anything was left at the last look. */
  readonly areThere: boolean;
}

/** Result for a trust, whether or not it could be read. */
export interface TrustJudgement {
  readonly ready: Pick<ConditionContent, "reason" | "message">;
  readonly events: readonly BindingEvent[];
  readonly againIn: number;
  /** Whether all places of leftovers were checked, or the others need not be waited for. */
  readonly isSeen: boolean;
}

/** Whether a trust is being deleted and no binding names it any more. */
export function isGoing({ object, bindings }: TrustFactsOf<unknown>): boolean {
  return isEnding(object) && bindings.size === 0;
}

/**
 * One pass of a trust of any relying party. The trust stays while bindings name it, and while leftovers of some exist:
 * they are found only through it. `judge` checks the relying party. Throws if the status cannot be written.
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
  // An object that is being deleted takes no new finalizer.
  if (!isEnding(object) && bindings.size > 0) await keep(cluster, object, true, signal);
  const { ready, events, againIn, isSeen } = await judge();
  if (bindings.size === 0 && isSeen) {
    await keep(cluster, object, !isGoing(facts) && leftovers.areThere, signal);
    if (isGoing(facts)) return { ...over, events };
  }
  const at = { now: clock.now(), signal };
  return { conditions: await trustEnded(cluster, facts, ready, at), events, againIn };
}
