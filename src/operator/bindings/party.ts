import type { Clock } from "../../core/base/index.ts";
import type { Reason } from "../../core/reasons/index.ts";
import type { BoundParty } from "../../rules/bindings/index.ts";
import type { BindingFacts, BindingOutcome, ClusterClients, TrustFactsOf, TrustOutcome } from "./pass.ts";

/** One row for each relying party: what is another thing for it in the passes of bindings and trusts. */
export interface PartyPasses<OwnClients extends object, Leftovers> {
  readonly party: BoundParty;
  /** Those of the relying party, with which a pass works beside the cluster's. */
  readonly clients: OwnClients;
  /** What of its own passes by itself: each try may be the one that succeeds. */
  readonly passing: readonly Reason[];
  /** Reasons of Events that are reported on the trust: a namespace that goes with its bindings takes no Events any more. */
  readonly reportedOnTrust: readonly Reason[];
  /** One attempt, which may be cut off anywhere and begun again. */
  readonly binding: (
    facts: BindingFacts,
    clients: ClusterClients & OwnClients,
    clock: Clock,
    signal: AbortSignal,
  ) => Promise<BindingOutcome>;
  /** What is known of a trust's leftovers before anybody has looked. */
  readonly leftovers: () => Leftovers;
  readonly trust: (
    facts: TrustFactsOf<Leftovers>,
    clients: ClusterClients & OwnClients,
    clock: Clock,
    signal: AbortSignal,
  ) => Promise<TrustOutcome>;
  /** Calls back with bindings of which somebody else changed something at the relying party; gives what ends that. */
  readonly drifting: (changed: (key: string) => void) => () => void;
}
