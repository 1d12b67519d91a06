import type { Clock, JsonRecord } from "../../core/base/index.ts";
import type { Reason } from "../../core/reasons/index.ts";
import type { GrantedTo, StatusCondition } from "../../rules/bindings/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { Change } from "../../rules/plan/index.ts";
import type { BoundAccounts } from "./account/account.ts";

/** What the status of every binding has. */
export interface StatusHead {
  readonly observedGeneration?: number;
  /** The trust, as UID/GENERATION, by which its rights were last cut. */
  readonly observedTrust?: string;
  /** RFC 3339: when the relying party last admitted the ServiceAccount everywhere. */
  readonly lastProof?: string;
  /** RFC 3339: when podtrust last changed something at the relying party for it. */
  readonly changedAt?: string;
  readonly conditions: readonly StatusCondition[];
}

/** A trust, as far as room in its grants is counted. */
export interface CountedTrust {
  readonly name: string;
  readonly grants: readonly (GrantedTo & { readonly maxRoles: number })[];
}

/** Grants of a trust that have no room for a binding, by their names. */
export interface GrantRoom {
  /** Not for the roles that it has. */
  readonly heldBeyond: ReadonlySet<string>;
  /** Not for those that it asks for. */
  readonly wantedBeyond: ReadonlySet<string>;
}

/** What the operator knows of a binding at the start of its pass. */
export interface BindingFacts {
  readonly object: KubernetesObject;
  /** The trust that its spec names; undefined if there is none. */
  readonly trust: KubernetesObject | undefined;
  /** Its ServiceAccount as a watch last saw it, with its uid and podtrust's annotations; if unknown, it is read. */
  readonly account?: JsonRecord | undefined;
  /** Which grants of a trust have no room for its roles; if absent, all have room. */
  readonly room?: (trust: CountedTrust) => GrantRoom;
  /** Milliseconds since its deletion was seen (`ClusterView.deletedFor`); 0 if it is not being deleted. */
  readonly deletedFor: number;
}

/** What passes of every relying party work with. */
export interface ClusterClients {
  readonly cluster: Pick<KubernetesApi, "apply" | "read" | "removeFinalizer" | "requestToken" | "server">;
  /**
   * Throws unless this process still holds the lease that lets only one process write; called before a relying party is
   * changed.
   */
  readonly assertHeld?: () => void;
}

export interface BindingClients extends ClusterClients {
  readonly aws: BoundAccounts;
}

/** Something for an Event on the binding. */
export interface BindingEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: Reason;
  readonly message: string;
}

/** How a pass ended. */
export interface BindingOutcome {
  readonly conditions: readonly StatusCondition[];
  readonly events: readonly BindingEvent[];
  /** What was changed at the relying party. */
  readonly changes: readonly Pick<Change, "kind" | "fields">[];
  /** When it wants another pass, in milliseconds; undefined: never, it is gone. */
  readonly againIn: number | undefined;
}

/** How a pass of a trust ended. */
export type TrustOutcome = Omit<BindingOutcome, "changes">;

/** What is known of a trust at the start of its pass. */
export interface ObservedTrust {
  readonly object: KubernetesObject;
  /** The bindings that name it, as NAMESPACE/NAME. */
  readonly bindings: ReadonlySet<string>;
}

/** The same plus what is left of deleted bindings, from one pass to the next. */
export interface TrustFactsOf<Leftovers> extends ObservedTrust {
  /** Of this trust alone. */
  readonly leftovers: Leftovers;
}

/** Everything one pass works with; clients and status depend on the relying party. */
export interface PassOf<Clients extends ClusterClients, Status extends StatusHead> {
  readonly facts: BindingFacts;
  readonly clients: Clients;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly status: Status;
  /** The trust, as UID/GENERATION, by which this pass cut its rights. */
  readonly cutBy?: string;
}

/** A pass of any relying party. */
export type AnyPass = PassOf<ClusterClients, StatusHead>;
