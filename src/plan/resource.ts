import type { Link, PodtrustError } from "../base/index.ts";
import type { Owner } from "./ownership.ts";

/** What a change does. `replace` is a delete followed by a create; it is never implied, only shown and agreed to. */
export type ChangeKind = "create" | "update" | "replace" | "delete" | "none";

/** One field that differs. `before` is undefined where nothing is there yet, `after` where nothing shall be. */
export interface FieldChange {
  /** As the config's author knows it: `audiences`, `policies`, `tags.team`. */
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What was found at the provider. `state` is the resource's own business. */
export type Observed<State = unknown> =
  | { readonly exists: false }
  | { readonly exists: true; readonly state: State; readonly owner: Owner };

/** What would make the observed the desired. */
export interface Difference {
  readonly kind: Exclude<ChangeKind, "delete">;
  readonly fields: readonly FieldChange[];
  /** A difference that podtrust must not bridge (a role's path): nothing of the plan is applied while it stands. */
  readonly refusal?: PodtrustError;
}

/** One resource's part of a plan. */
export interface Change<State = unknown> {
  readonly resource: Resource<State>;
  readonly kind: ChangeKind;
  readonly fields: readonly FieldChange[];
  readonly observed: Observed<State>;
  /** Why, where the kind does not say it: `no longer in the config`, `belongs to nobody we know`. */
  readonly reason?: string;
}

/** What `apply` and `delete` may use while they work. */
export interface Work {
  readonly signal: AbortSignal;
  /** Says what is waited for, why, and until when (milliseconds since the epoch). */
  waiting(reason: string, deadline: number): void;
}

/**
 * The one interface of everything that podtrust keeps at a provider. The contract:
 *
 * - `read` changes nothing and tells whose the thing is. Absent is an answer; a provider that cannot be asked
 *   is an error.
 * - `diff` is pure and compares canonical forms: what a provider rewrites or fills in by itself is no
 *   difference. After a successful `apply` of its change, `diff(await read())` is `none`.
 * - `apply` brings the observed to the desired, in steps that may be cut off anywhere and finished by another
 *   `read`, `diff`, `apply`. A new thing gets our mark in the very call that creates it.
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
  /** Ids of resources that must stand before this one; ids outside the plan are ignored. */
  readonly dependsOn: readonly string[];
  read(signal: AbortSignal): Promise<Observed<State>>;
  diff(observed: Observed<State>): Difference;
  apply(change: Change<State>, work: Work): Promise<void>;
  delete(observed: Observed<State>, work: Work): Promise<void>;
}
