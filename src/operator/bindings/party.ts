import type { Clock, Reason } from "../../core/base/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { BoundParty } from "../../rules/bindings/index.ts";
import type { BindingFacts, BindingOutcome, ClusterClients } from "./pass.ts";

/** What is known of a trust when its pass comes. */
export interface TrustSeen {
  readonly object: KubernetesObject;
  /** The bindings that name it, as NAMESPACE/NAME. */
  readonly bindings: ReadonlySet<string>;
}

/** One row for each relying party: what is another thing for it in the passes of bindings and trusts. */
export interface PartyPasses<Clients extends ClusterClients> {
  readonly party: BoundParty;
  /** With what a pass works: the cluster's clients, and those of the relying party. */
  readonly clients: (cluster: ClusterClients) => Clients;
  /** What of its own passes by itself: each try may be the one that succeeds. */
  readonly passing: readonly Reason[];
  /** Reasons of Events that are told on the trust: a namespace that goes with its bindings takes no Events any more. */
  readonly toldOnTrust: readonly Reason[];
  /** One attempt, which may be cut off anywhere and begun again. */
  readonly binding: (
    facts: BindingFacts,
    clients: Clients,
    clock: Clock,
    signal: AbortSignal,
  ) => Promise<BindingOutcome>;
  /** `trusts`: the names of all that there are. Undefined `seen`: there is none of the name. */
  readonly trust: (
    seen: TrustSeen | undefined,
    trusts: ReadonlySet<string>,
    clients: Clients,
    at: { readonly clock: Clock; readonly signal: AbortSignal },
  ) => Promise<Omit<BindingOutcome, "changes">>;
  /** Calls back with bindings of which somebody else changed something at the relying party; gives what ends that. */
  readonly drifting: (changed: (key: string) => void) => () => void;
}
