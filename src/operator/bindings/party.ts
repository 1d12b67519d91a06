import type { Clock } from "../../core/base/index.ts";
import type { Reason } from "../../core/reasons/index.ts";
import type { BoundParty } from "../../rules/bindings/index.ts";
import type { BindingFacts, BindingOutcome, ClusterClients, TrustFactsOf, TrustOutcome } from "./pass.ts";

/** One row per relying party: where the passes of its bindings and trusts differ. */
export interface PartyPasses<OwnClients extends object, Leftovers> {
  readonly party: BoundParty;
  /** The relying party's clients, used by a pass beside the cluster's. */
  readonly clients: OwnClients;
  /** Its own reasons that resolve by themselves: each try may succeed. */
  readonly passing: readonly Reason[];
  /** Reasons of Events that are reported on the trust: a namespace that is being deleted takes no more Events. */
  readonly reportedOnTrust: readonly Reason[];
  /** One attempt, which may be cut off anywhere and repeated. */
  readonly binding: (
    facts: BindingFacts,
    clients: ClusterClients & OwnClients,
    clock: Clock,
    signal: AbortSignal,
  ) => Promise<BindingOutcome>;
  /** Leftovers of a trust before the first look. */
  readonly leftovers: () => Leftovers;
  readonly trust: (
    facts: TrustFactsOf<Leftovers>,
    clients: ClusterClients & OwnClients,
    clock: Clock,
    signal: AbortSignal,
  ) => Promise<TrustOutcome>;
  /**
   * Calls back with bindings of which someone else changed something at the relying party; returns a function that ends
   * that.
   */
  readonly drifting: (changed: (key: string) => void) => () => void;
}
