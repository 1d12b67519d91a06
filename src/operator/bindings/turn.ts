import type { Clock, JsonRecord, Reason } from "../../core/base/index.ts";
import type { Condition, Trust } from "../../rules/bindings/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { Change } from "../../rules/plan/index.ts";
import type { BoundAccounts } from "./account/index.ts";
import type { GrantRoom } from "./role-counts.ts";
import type { BindingStatus } from "./state.ts";

/** What the operator knows of a binding when its turn comes. */
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

/** How a turn ended. */
export interface BindingOutcome {
  readonly conditions: readonly Condition[];
  readonly events: readonly BindingEvent[];
  /** What was changed at AWS. */
  readonly changes: readonly Pick<Change, "kind" | "fields">[];
  /** When it wants another turn, in milliseconds; undefined: never, it is gone. */
  readonly againIn: number | undefined;
}

/** Everything that one turn works with. */
export interface Turn {
  readonly facts: BindingFacts;
  readonly clients: BindingClients;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly status: BindingStatus;
  /** By which AWSTrust the roles were cut in this turn, as UID/GENERATION. */
  readonly cutBy?: string;
}
