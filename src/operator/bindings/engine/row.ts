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
import type {
  BindingEvent,
  BindingOutcome,
  ClusterClients,
  CountedTrust,
  PassOf,
  StatusHead,
} from "../pass.ts";
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
  /** What grants give a binding. */
  readonly granted: object;
  /** Something that lets a binding's ServiceAccount in, or was made for that, as the status has it. */
  readonly right: object;
  /** What a look at its rights showed, which proofs need beside them. */
  readonly seen: unknown;
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
  /** Throws unless this process may write: called before each cut, plan and removal, whose calls the signal ends. */
  readonly assertHeld: () => void;
}

/** The same for what widens. */
export interface Widening extends Writing {
  /** Has the binding's status say this beside what it is granted, before anything is changed for that. */
  readonly tell: (texts: readonly string[]) => Promise<void>;
}

/** What came of taking a right away. */
export interface Taken<Right> {
  /** What still is there; absent if nothing is. */
  readonly left?: Right;
  readonly changes: BindingOutcome["changes"];
  /** Milliseconds until it may be written; 0 if it was. */
  readonly wait: number;
}

/** What came of taking rights away. */
export interface Cut<Right> {
  /** What still is there of them. */
  readonly left: readonly Right[];
  readonly changes: BindingOutcome["changes"];
  /** Milliseconds until one may be written; 0 if none waits. */
  readonly wait: number;
  readonly failures: readonly PodtrustError[];
}

/** A right that is still there, and why. */
export interface Staying<Right> {
  readonly right: Right;
  readonly why: string;
  /** What an Event says of it; a warning with the row's own reason if absent. */
  readonly event?: Pick<BindingEvent, "type" | "reason">;
}

/** What of a deleted binding still is there, and what was done. */
export interface Removed<Right> {
  /** What may still let the ServiceAccount in. */
  readonly left: readonly Staying<Right>[];
  /** What was made for it, lets nobody in, and stays. */
  readonly closed: readonly Staying<Right>[];
  readonly changes: BindingOutcome["changes"];
  readonly failure?: PodtrustError;
  /** Milliseconds until more may be written; 0 if it waits for nothing. */
  readonly wait: number;
}

/** The writer of the cut where a right stands or goes as a whole. */
export interface TakingWhole<T extends RowTypes> {
  /** Whether a grant of the trust allows it, whatever the binding asks for. */
  mayStand(trust: T["trust"], whose: NamespacedName, right: T["right"]): boolean;
  /** Takes away what lets the ServiceAccount in. Throws the relying party's errors. */
  take(right: T["right"], writing: Writing): Promise<Taken<T["right"]>>;
  /**
   * Deletes what was made for a binding and lets nobody in any more; returns why it stays, if it does. Throws the relying
   * party's errors.
   */
  remove(right: T["right"], writing: Writing): Promise<string | undefined>;
}

/** By what a cut is judged. */
export interface CutLimits<T extends RowTypes> {
  /** As it was read, without grants that have no room for what stands; without any if it is being deleted. */
  readonly trust: T["trust"];
  /** Of grants that allow as much, those of what the binding is granted are the first. */
  readonly granted: T["granted"] | undefined;
  /** Whether the trust or the binding is another one than at the last complete cut; `new`: it never had anything. */
  readonly since: "changed" | "new" | "same";
}

/** The writer of the cut where a right has parts, and where rights are found that no status has. */
export interface TakingParts<T extends RowTypes> {
  /**
   * Takes from every right of the binding what the trust does not allow, each for itself. All stay in the status. Throws
   * no error of the relying party's.
   */
  cut(
    limits: CutLimits<T>,
    rights: readonly T["right"][],
    writing: Writing,
  ): Promise<Pick<Cut<T["right"]>, "changes" | "failures">>;
  /** What a right that is asked for no longer leaves until the plan of the others deletes it. */
  drop(right: T["right"], writing: Writing): Promise<Taken<T["right"]>>;
  /** Deletes the rights of a deleted binding. `deletedFor`: in milliseconds. Throws no error of the relying party's. */
  end(
    rights: readonly T["right"][],
    writing: Writing & { readonly deletedFor: number },
  ): Promise<Removed<T["right"]>>;
}

/** The writer of the cut. A row's is handed no call that gives: AWS's has `TakingAccounts`. */
export type Taking<T extends RowTypes> = TakingParts<T> | TakingWhole<T>;

/** What a binding has at its relying party once it was given what it is granted. */
export interface Made<T extends RowTypes> {
  readonly finding: Finding;
  /** What it has of what it asks for. */
  readonly rights: readonly T["right"][];
  /** What it asks for no longer and still has; if absent, as before. */
  readonly left?: readonly T["right"][];
  readonly seen?: T["seen"];
  readonly changes: BindingOutcome["changes"];
  /** Milliseconds until it may be written; 0 if nothing waits for that. */
  readonly wait: number;
}

/** What a binding has before anything is made for it. */
export interface Had<T extends RowTypes> {
  /** Of what it asks for. */
  readonly rights: readonly T["right"][];
  /** Of what it asks for no longer. */
  readonly left: readonly T["right"][];
  /** Whether nothing has changed since the last pass, and an older look is enough. */
  readonly isKnown: boolean;
}

/** The writer of what widens. It is had once the announcement is written. */
export interface Making<T extends RowTypes> {
  /** What keeps everything from being made there; undefined if nothing does. Throws the relying party's errors. */
  bars(bound: Bound<T>, signal: AbortSignal): Promise<Finding | undefined>;
  /** Makes it, by a plan. */
  make(bound: Bound<T>, had: Had<T>, writing: Widening): Promise<Made<T>>;
}

/** When the relying party is to be asked. */
export interface Turn {
  /** Whether this pass has made something, and not only taken. */
  readonly widened: boolean;
  readonly clock: Clock;
}

/** With what the relying party is asked. */
export interface Asked {
  readonly jwt: string;
  /** Milliseconds since something was changed there for the binding. */
  readonly age: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Asks the relying party as the ServiceAccount. */
export interface Proving<T extends RowTypes> {
  /** Of the token. */
  audience(bound: Bound<T>): string;
  /** Why it is too early to ask, and for how long, in milliseconds; undefined if it is not. Makes no call. */
  early(bound: Bound<T>, turn: Turn): { readonly finding: Finding; readonly againIn: number } | undefined;
  /** Throws the relying party's errors. */
  ask(bound: Bound<T>, made: Pick<Made<T>, "rights" | "seen">, asked: Asked): Promise<Finding>;
}

/** A relying party as a trust reaches it. */
export interface Opened<T extends RowTypes> {
  readonly taking: Taking<T>;
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
  /** Names of the grants that give it. */
  readonly grantsOf: (granted: T["granted"]) => readonly string[];
  /** Where something is made. */
  readonly placesOf: (trust: T["trust"], granted: T["granted"]) => readonly TrustScope[];
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
  /** Whether a status has every right that there may be; the others are found by the mark that they carry. */
  readonly known: "by their mark" | "by the status";
  /** What a binding asks for; none if that needs nothing of the relying party. `rights`: what it has. */
  readonly asked: (bound: Bound<T>, rights: readonly T["right"][]) => readonly T["right"][];
  /** Whether podtrust makes something for it: that is announced, and goes with the binding. */
  readonly isMade: (right: T["right"]) => boolean;
  readonly isSame: (one: T["right"], other: T["right"]) => boolean;
  /** Whether it lets the ServiceAccount in, or may. */
  readonly isOpen: (right: T["right"]) => boolean;
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
  readonly annotations: (
    bound: Bound<T>,
    made: Pick<Made<T>, "finding" | "rights">,
  ) => DesiredAnnotations | undefined;
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
    /** In how many milliseconds it is looked at again, the last proof being so old. */
    readonly untilLook: (bound: Bound<T>, age: number) => number;
  };
  /** Whether a second pass may only prove what the first one made, and by what it is still so; `none`: each is whole. */
  readonly second: "none" | { readonly isStillMade: (bound: Bound<T>) => boolean };
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
