import type { Link, PodtrustError } from "../../core/base/index.ts";
import type { Inputs, ResourceOutput } from "./known.ts";
import type { Owner } from "./ownership.ts";

/**
 * What a change does. `replace` is a delete followed by a create; it is never implied, only shown and agreed to.
 * `blocked` is a thing with another owner: it keeps the whole plan from being applied.
 */
export type ChangeKind = "create" | "update" | "replace" | "delete" | "blocked" | "none";

/** One field that differs. `before` is undefined where nothing exists yet, `after` where nothing is to remain. */
export interface FieldChange {
  /** As the config's author knows it: `audiences`, `policies`, `tags.team`. */
  readonly field: string;
  readonly before: unknown;
  /** A `KnownAfter` where it is known only after another resource was applied. */
  readonly after: unknown;
}

/** What was found at the provider. `state` is the resource's own business. */
export type Observed<State = unknown> =
  | { readonly exists: false }
  | {
      readonly exists: true;
      readonly state: State;
      readonly owner: Owner;
      /** Why its last change need not be in effect everywhere yet: `created 3 s ago`. Then `confirm` is run for it. */
      readonly unconfirmed?: string;
    };

/** What has to change to make the observed the desired. */
export interface Difference {
  readonly kind: "create" | "update" | "replace" | "none";
  readonly fields: readonly FieldChange[];
  /** A difference that podtrust must not remove (a role's path): nothing of the plan is applied while it exists. */
  readonly refusal?: PodtrustError;
  /** An update after which the outputs may differ; a thing that is created or replaced has new ones anyway. */
  readonly newOutputs?: boolean;
}

/** One resource's part of a plan. */
export interface Change<State = unknown> {
  readonly resource: Resource<State>;
  readonly kind: ChangeKind;
  readonly fields: readonly FieldChange[];
  readonly observed: Observed<State>;
  /** Why, where the kind does not say it: `no longer in the config`, `belongs to an unknown owner`. */
  readonly reason?: string;
  /** After this update its outputs may differ. */
  readonly newOutputs?: boolean;
}

/** What `apply`, `confirm` and `delete` may use while they work. */
export interface Work {
  readonly signal: AbortSignal;
  /** Everything in `needs` is known by now. */
  readonly inputs: Inputs;
  /** Reports what is waited for, why, and until when (milliseconds of `Clock.elapsed()`). */
  waiting(reason: string, deadline: number): void;
}

/**
 * The one interface of everything that podtrust keeps at a provider. The contract:
 *
 * - `read` changes nothing and says who owns the thing. Absent is an answer; a provider that cannot be asked
 *   is an error. Where it takes an input that is not known yet to find the thing, the thing is absent.
 * - `diff` is pure and compares canonical forms: what a provider rewrites or fills in by itself is no
 *   difference. After a successful `apply` of its change, `diff(await read())` is `none`. A field that is made
 *   of an unknown input differs, and is shown as known after that resource (`shownKnown`).
 * - `fingerprint` is that of a state which decides whether a plan still holds: what moves by itself (a server's
 *   traffic, the last use of a role) is no part of it, nor what the changes of other resources move.
 * - `apply` brings the observed to the desired, in steps that may be cut off anywhere and finished by another
 *   `read`, `diff`, `apply`. A new thing gets our tags in the very call that creates it. When it returns, what
 *   depends on the thing can be made. It gives what it made by the provider's answer, where a reading may not show that
 *   yet; where it gives nothing, `read` shows it and its outputs.
 * - `confirm` waits until users of the thing see the change: after all changes were made, a few at a time.
 * - `delete` removes what was observed; that it is gone already is success.
 * - `apply` and `delete` are only ever called for things that are absent or ours: `planOf` and `applyPlan`
 *   see to it, not the resource.
 */
export interface Resource<State = unknown> {
  /** Unique within a plan, stable between runs, readable: `aws/111122223333/role/demo`. */
  readonly id: string;
  /** What it is, in the provider's word: `role`, `oidc-provider`. */
  readonly kind: string;
  /** What `--only` and `--skip` may call it beside its id and its kind: `demo`, `role/demo`, `aws/111122223333`. */
  readonly names: readonly string[];
  /** The link of the chain that it makes: for reports, and as a name of a whole group. */
  readonly link: Link;
  /** Ids of resources that must exist before this one; ids outside the plan are ignored. */
  readonly dependsOn: readonly string[];
  /**
   * It lets somebody in: once nobody wants it, it goes, whatever else of the run failed. What is no right (a provider, a
   * record, a machine) carries others, and waits for a run in which nothing fails.
   */
  readonly isRight?: true;
  /** Outputs of others that it is made of. It depends on those resources too. */
  readonly needs?: readonly ResourceOutput[];
  /** What to do where its name has another owner: a sentence that can be followed. */
  readonly ifTaken?: string;
  read(signal: AbortSignal, inputs: Inputs): Promise<Observed<State>>;
  fingerprint(state: State): unknown;
  outputs?(state: State): Readonly<Record<string, string>>;
  /** The issuers whose tokens are let in by it as it is: once it goes, or is for another issuer, they are refused. */
  issuers?(state: State): readonly string[];
  diff(observed: Observed<State>, inputs: Inputs): Difference;
  apply(change: Change<State>, work: Work): Promise<State | void>;
  confirm?(change: Change<State>, work: Work): Promise<void>;
  delete(observed: Observed<State>, work: Work): Promise<void>;
}

/** Everything that must exist before a resource. */
export function dependenciesOf({
  dependsOn,
  needs = [],
}: Pick<Resource, "dependsOn" | "needs">): readonly string[] {
  return [...new Set([...dependsOn, ...needs.map(({ after }) => after)])];
}

/** A resource as selections and plans name it. */
export type NamedResource = Pick<Resource, "id" | "kind" | "names" | "link">;
