/** Where relying parties differ on the way of a binding. The order of that way is the engine's alone (`reconcile.ts`). */
import type { Clock, PodtrustError } from "../../../core/base/index.ts";
import type { Reason } from "../../../core/reasons/index.ts";
import type { KubernetesObject } from "../../../providers/kubernetes/index.ts";
import type {
  BoundParty,
  GrantRefusal,
  NamespacedName,
  Read,
  TrustScope,
} from "../../../rules/bindings/index.ts";
import type { Finding } from "../../../stack/index.ts";
import type { BindingOutcome, ClusterClients, CountedTrust, PassOf, StatusHead } from "../pass.ts";
import type { DesiredAnnotations } from "../service-account.ts";

/** What the engine reads of a relying party's objects. */
export interface RowTypes {
  readonly trust: {
    readonly name: string;
    readonly grants: readonly { readonly name: string }[];
    /** Ids of scopes that a person says are gone. */
    readonly gone: readonly string[];
  };
  readonly binding: NamespacedName & { readonly trust: string };
  /** What a grant gives a binding. */
  readonly granted: {
    /** Its name. */
    readonly grant: string;
  };
  /** Something that lets a binding's ServiceAccount in, or was made for that, as the status has it. */
  readonly right: object;
}

/** A binding, and what its trust grants. */
export interface Bound<T extends RowTypes> {
  readonly trust: T["trust"];
  readonly binding: T["binding"];
  readonly granted: T["granted"];
}

/** How a relying party is written to. */
export interface Writing {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Throws unless this process may write; called before each write. */
  readonly assertHeld: () => void;
}

/** What came of taking a right away. */
export interface Taken<Right> {
  /** What still is there; absent if nothing is. */
  readonly left?: Right;
  readonly changes: BindingOutcome["changes"];
  /** Milliseconds until it may be written; 0 if it was. */
  readonly wait: number;
}

/** The writer of the cut: it has no way to give anything. */
export interface Taking<Right> {
  /** Takes away what lets the ServiceAccount in. Throws the relying party's errors. */
  take(right: Right, writing: Writing): Promise<Taken<Right>>;
  /**
   * Deletes what was made for a binding and lets nobody in any more; returns why it stays, if it does. Throws the relying
   * party's errors.
   */
  remove(right: Right, writing: Writing): Promise<string | undefined>;
}

/** What a binding has at its relying party once it was given what it is granted. */
export interface Made<Right> {
  readonly finding: Finding;
  /** Absent if it has none, and none was asked for. */
  readonly right?: Right | undefined;
  readonly changes: BindingOutcome["changes"];
  /** Milliseconds until it may be written; 0 if nothing waits for that. */
  readonly wait: number;
}

/** The writer of what widens. It is had once the announcement is written. */
export interface Making<T extends RowTypes> {
  /** What keeps everything from being made there; undefined if nothing does. Throws the relying party's errors. */
  bars(bound: Bound<T>, signal: AbortSignal): Promise<Finding | undefined>;
  /** Makes it, by a plan. `isKnown`: nothing has changed since the last pass, and an older look is enough. */
  make(
    bound: Bound<T>,
    had: { readonly right: T["right"] | undefined; readonly isKnown: boolean },
    writing: Writing,
  ): Promise<Made<T["right"]>>;
}

/** Asks the relying party as the ServiceAccount. */
export interface Proving<T extends RowTypes> {
  /** Of the token. */
  audience(bound: Bound<T>): string;
  /** `age`: milliseconds since something was changed there for the binding. Throws the relying party's errors. */
  ask(
    bound: Bound<T>,
    right: T["right"] | undefined,
    asked: { readonly jwt: string; readonly age: number; readonly signal: AbortSignal },
  ): Promise<Finding>;
}

/** A relying party as a trust reaches it. */
export interface Opened<T extends RowTypes> {
  readonly taking: Taking<T["right"]>;
  readonly making: Making<T>;
  readonly proving: Proving<T>;
  /** What podtrust itself is there, as far as its rights are named so: no workload may become that. */
  readonly own: string | undefined;
}

/** How grants of a relying party bound the number of what podtrust makes. */
export interface Counting<T extends RowTypes> {
  /** The trust with the count of each grant. */
  readonly of: (trust: T["trust"]) => CountedTrust;
  readonly isCounted: (granted: T["granted"]) => boolean;
  /** What is counted, and the field that says how many. */
  readonly what: string;
  readonly field: string;
}

/** What is read of objects, and judged of them without asking anybody. */
export interface BindingRules<T extends RowTypes> {
  readonly party: BoundParty;
  readonly readTrust: (object: unknown) => Read<T["trust"]>;
  readonly readBinding: (object: unknown) => Read<T["binding"]>;
  readonly decide: (
    binding: T["binding"],
    trust: T["trust"] | undefined,
  ) => { readonly granted: T["granted"] } | { readonly refusals: readonly GrantRefusal[] };
  readonly counting: Counting<T> | "none";
  /** Where something is made. */
  readonly scopeOf: (trust: T["trust"], granted: T["granted"]) => TrustScope;
}

/** How rights stand in a status, and what is judged of them. */
export interface RightRules<T extends RowTypes> {
  /** Those of a binding's status; only podtrust may write it. */
  readonly read: (object: KubernetesObject) => readonly T["right"][];
  /** What a status says of them. `bound`: what the binding is granted, if it is. */
  readonly written: (
    rights: readonly T["right"][],
    object: KubernetesObject,
    bound?: Bound<T>,
  ) => Readonly<Record<string, unknown>>;
  /** What a binding asks for; undefined if that needs nothing of the relying party. `stood`: the same as it was. */
  readonly asked: (bound: Bound<T>, rights: readonly T["right"][]) => T["right"] | undefined;
  readonly isSame: (one: T["right"], other: T["right"]) => boolean;
  /** Whether it lets the ServiceAccount in, or may. */
  readonly isOpen: (right: T["right"]) => boolean;
  /** Whether a grant of the trust allows it, whatever the binding asks for. */
  readonly mayStand: (trust: T["trust"], whose: NamespacedName, right: T["right"]) => boolean;
  /** Why no workload may have it: it is `own`, podtrust itself. */
  readonly reserved: (right: T["right"], own: string | undefined) => GrantRefusal | undefined;
  /** The scope of a trust that it is in; undefined if that is unknown. */
  readonly scopeId: (right: T["right"]) => string | undefined;
  /** It, and why it is kept, for an Event. */
  readonly kept: (right: T["right"], why: string, object: KubernetesObject) => string;
}

/** One relying party on the way of a binding. */
export interface BindingRow<T extends RowTypes> {
  readonly rules: BindingRules<T>;
  readonly rights: RightRules<T>;
  /** Its name in messages. */
  readonly vendor: string;
  /** The source of what a trust's relying party says. */
  readonly from: (trust: T["trust"]) => string;
  /** Whether an error is the relying party's, and not the cluster's or podtrust's. */
  readonly isVendors: (error: unknown) => error is PodtrustError;
  readonly trouble: (error: PodtrustError, from: string) => Finding;
  /** What a write says that took too long. */
  readonly late: (message: string) => PodtrustError;
  /** Undefined if it is not known how to reach it. Throws the relying party's errors. */
  readonly open: (
    trust: T["trust"] | undefined,
    object: KubernetesObject,
    signal: AbortSignal,
  ) => Promise<Opened<T> | undefined>;
  /** Of a ServiceAccount whose binding has this; undefined while that is unknown. */
  readonly annotations: (bound: Bound<T>, made: Made<T["right"]>) => DesiredAnnotations | undefined;
  /** The annotation that every binding sets. */
  readonly annotation: string;
  /** The condition that what was made is as it should be. */
  readonly inSync: string;
  /** While something is first made, and while a write waits for its turn. */
  readonly pending: Finding;
  readonly waiting: Finding;
  /** What somebody else changed. */
  readonly drift: Reason;
  /** Something that stays when its binding goes. */
  readonly keptReason: Reason;
  /** How often drift is looked for, in milliseconds. */
  readonly interval: number;
  readonly proof: {
    /** What a ServiceAccount that is let in is found. */
    readonly accepted: Reason;
    /** While a change need not be known yet, and how often is asked then, in milliseconds. */
    readonly settling: Reason;
    readonly every: number;
    /** What the pass that changed something finds; it asks itself if absent. */
    readonly afterChange?: Finding;
  };
  /** How long a deleted binding waits for its turn to be written, in milliseconds. */
  readonly maxTurn: number;
  /** What a trust's status remembers of rights that their deleted binding leaves; `none` if they are found without it. */
  readonly memory:
    | "none"
    | {
        /** Whether they are found through this trust. */
        readonly isOf: (trust: T["trust"], right: T["right"]) => boolean;
        /** What its status says then. `object`: the binding. */
        readonly with: (
          status: Readonly<Record<string, unknown>>,
          left: readonly T["right"][],
          object: KubernetesObject,
        ) => object;
      };
}

/** Status of a binding with its rights in one form. */
export interface RightsStatus<Right> extends StatusHead {
  readonly rights: readonly Right[];
}

/** A pass of a binding. */
export type EnginePass<T extends RowTypes> = PassOf<ClusterClients, RightsStatus<T["right"]>>;
