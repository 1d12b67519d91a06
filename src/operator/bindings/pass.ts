import type { Clock, JsonRecord, Reason } from "../../core/base/index.ts";
import type { StatusCondition, Trust } from "../../rules/bindings/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { Change } from "../../rules/plan/index.ts";
import type { BoundAccounts } from "./account/index.ts";

/** A role of a binding. */
export interface RoleStatus {
  readonly profile: string;
  readonly arn: string;
  /** AROA…; absent until it was seen. */
  readonly id?: string;
  /** Whether podtrust made it: it goes with the binding. */
  readonly managed: boolean;
}

/** `status` of a binding. */
export interface BindingStatus {
  readonly observedGeneration?: number;
  /** By which AWSTrust the roles were cut last, as UID/GENERATION. */
  readonly observedTrust?: string;
  /** RFC 3339: when STS last let the ServiceAccount into all of its roles. */
  readonly lastProof?: string;
  /** RFC 3339: when podtrust last changed something at AWS for it. */
  readonly changedAt?: string;
  /** Those that were seen at AWS. */
  readonly roles: readonly RoleStatus[];
  /** Those that IAM is asked to make, or was, and that were not seen since: they may be there. Nobody is shown them. */
  readonly pendingRoles?: readonly RoleStatus[];
  readonly conditions: readonly StatusCondition[];
}

/** Grants of a trust that have no room for a binding, by their names. */
export interface GrantRoom {
  /** Not for the roles that it has. */
  readonly heldBeyond: ReadonlySet<string>;
  /** Not for those that it asks for. */
  readonly wantedBeyond: ReadonlySet<string>;
}

/** What the operator knows of a binding when its pass comes. */
export interface BindingFacts {
  readonly object: KubernetesObject;
  /** The AWSTrust of the name in its spec; undefined where there is none. */
  readonly trust: KubernetesObject | undefined;
  /** Its ServiceAccount as a watch last saw it, with its uid and our annotations; where it is not known it is read. */
  readonly account?: JsonRecord | undefined;
  /** Which grants of a trust have no room for its roles; all have where this is absent. */
  readonly room?: (trust: Trust) => GrantRoom;
  /** Milliseconds for which it is known to be deleted (`Departures`); 0 where it is not. */
  readonly deletedFor: number;
}

export interface BindingClients {
  readonly cluster: Pick<KubernetesApi, "apply" | "read" | "removeFinalizer" | "requestToken" | "server">;
  readonly aws: BoundAccounts;
  /** Throws unless this process still holds the lease by which it alone writes; asked before AWS is changed. */
  readonly assertHeld?: () => void;
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
  /** What was changed at AWS. */
  readonly changes: readonly Pick<Change, "kind" | "fields">[];
  /** When it wants another pass, in milliseconds; undefined: never, it is gone. */
  readonly againIn: number | undefined;
}

/** Everything that one pass works with. */
export interface Pass {
  readonly facts: BindingFacts;
  readonly clients: BindingClients;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly status: BindingStatus;
  /** By which AWSTrust the roles were cut in this pass, as UID/GENERATION. */
  readonly cutBy?: string;
}
