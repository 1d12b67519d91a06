import type { Clock } from "../../core/base/index.ts";
import { reasons } from "../../core/reasons/index.ts";
import type { ConditionContent } from "../../rules/bindings/index.ts";
import type { BindingEvent, ClusterClients, TrustFactsOf, TrustOutcome } from "./pass.ts";
import { emptied, type EmptyScopes, type LeavingScope, type LookedScopes, reached } from "./scopes.ts";
import { isEnding, isKept, keep, trustEnded } from "./status.ts";

/** What is left at a relying party of one trust's deleted bindings. */
export interface TrustLeftovers {
  /** Whether anything was left at the last look. */
  readonly areThere: boolean;
  readonly emptied: EmptyScopes;
}

/** Result for a trust, whether or not it could be read. */
export interface TrustJudgement {
  readonly ready: Pick<ConditionContent, "reason" | "message">;
  readonly events: readonly BindingEvent[];
  readonly againIn: number;
  /** Whether all places of leftovers were checked, or the others need not be waited for. */
  readonly isSeen: boolean;
  /** Absent where the trust could not be read, or its scopes never change. */
  readonly scopes?: LookedScopes;
  /** What else its status remembers, seen against that as it is now. */
  readonly own?: (status: Readonly<Record<string, unknown>>) => object;
}

/** Whether a trust is being deleted and no binding names it any more. */
export function isGoing({ object, bindings }: TrustFactsOf<unknown>): boolean {
  return isEnding(object) && bindings.size === 0;
}

/**
 * One pass of a trust of any relying party. The trust stays while bindings name it, while leftovers of some exist, and
 * while scopes leave it: they are found only through it. `judge` checks the relying party. Throws if the status cannot
 * be written.
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
  const { ready, events, againIn, isSeen, scopes, own: more } = await judge();
  const leaving = scopes === undefined ? [] : leftovers.emptied.stay(scopes, clock.elapsed());
  if (bindings.size === 0 && isSeen) {
    const isHeld = !isGoing(facts) && (leftovers.areThere || leaving.length > 0);
    await keep(cluster, object, isHeld, signal);
    if (isGoing(facts)) return { ...over, events };
  }
  const own = (status: Readonly<Record<string, unknown>>): object => ({
    ...reached(status, scopes, leaving),
    ...more?.(status),
  });
  const at = { now: clock.now(), signal };
  const ended = await trustEnded(cluster, facts, { found: foundBeside(ready, leaving), own }, at);
  return { conditions: ended.conditions, events: [...events, ...ended.events], againIn };
}

/** What was found of a trust, and of scopes that leave it. */
function foundBeside(
  ready: TrustJudgement["ready"],
  leaving: readonly LeavingScope[],
): readonly ConditionContent[] {
  const left = emptied(leaving);
  if (left === undefined) return [{ type: "Ready", ...ready }];
  // Rights may be open where podtrust cannot look: a trust that has such a scope is not Ready.
  const hides = left.reason === "ScopeNotAsked" && reasons[ready.reason].outcome === "ok";
  return [{ ...(hides ? left : ready), type: "Ready" }, left];
}
