import { asPodtrustError, mapLimit, PodtrustError } from "../../core/base/index.ts";
import { canonicalJson, fingerprintOf } from "./fingerprint.ts";
import { isKnownAfter } from "./known.ts";
import { absentChange, type Plan, presentChange, takenError, unconfirmedOf } from "./plan.ts";
import type { Readings } from "./readings.ts";
import { type Change, dependenciesOf, type Observed, type Work } from "./resource.ts";

/** What happens while a plan is applied, for a screen or a log. Several changes are made at once. */
export type ApplyEvent =
  | { readonly type: "started" | "done"; readonly change: Change }
  /** Nothing was left to do: another program, or an earlier run, did it. */
  | { readonly type: "already-done"; readonly change: Change }
  | { readonly type: "waiting"; readonly change: Change; readonly reason: string; readonly deadline: number }
  | { readonly type: "failed"; readonly change: Change; readonly error: PodtrustError }
  /** Not tried, since what it needs failed or the run was ended. */
  | { readonly type: "skipped"; readonly change: Change; readonly reason: string }
  /** All changes are made; these are waited for until their users see them. */
  | { readonly type: "confirming"; readonly changes: readonly Change[] }
  | { readonly type: "confirmed"; readonly change: Change }
  | { readonly type: "unconfirmed"; readonly change: Change; readonly error: PodtrustError };

export interface ApplyPlanOptions {
  readonly onEvent?: (event: ApplyEvent) => void;
  readonly signal?: AbortSignal;
  /**
   * False: what the plan found absent is created without another reading. For a plan that was made a moment ago, of things
   * that their provider refuses to create twice.
   */
  readonly readsBeforeCreate?: boolean;
}

interface Failure {
  readonly change: Change;
  readonly error: PodtrustError;
}

/** How it ended. All of `done` was applied, whatever else failed. */
export interface ApplyOutcome {
  readonly done: readonly Change[];
  readonly failed: readonly Failure[];
  readonly skipped: readonly Change[];
  /** What was applied, but not seen to be in effect for its users: the wait was ended, or failed. */
  readonly unconfirmed: readonly Failure[];
}

/** Whether a change is the one that was shown; values that were unknown then may be anything. */
function isAsShown(shown: Change, now: Change): boolean {
  if (shown.kind !== now.kind) return false;
  const fits = (field: string, before: unknown, after: unknown): boolean =>
    shown.fields.some(
      (one) =>
        one.field === field &&
        canonicalJson([one.before]) === canonicalJson([before]) &&
        (isKnownAfter(one.after) || canonicalJson([one.after]) === canonicalJson([after])),
    );
  const isThere = ({ field }: { readonly field: string }): boolean =>
    now.fields.some((one) => one.field === field);
  return (
    now.fields.every(({ field, before, after }) => fits(field, before, after)) &&
    shown.fields.every((one) => isKnownAfter(one.after) || isThere(one))
  );
}

/** One run over a plan. What it creates or replaces decides what must be compared again. */
class Run {
  readonly done: Change[] = [];
  readonly failed: Failure[] = [];
  readonly skipped: Change[] = [];
  readonly unconfirmed: Failure[] = [];
  readonly #plan: Plan;
  readonly #signal: AbortSignal;
  readonly #emit: (event: ApplyEvent) => void;
  readonly #readsBeforeCreate: boolean;
  /** The latest readings, and so the current outputs. */
  readonly #readings: Readings;
  readonly #byId: ReadonlyMap<string, Change>;
  readonly #needed: ReadonlySet<string>;
  readonly #ended = new Map<string, Promise<void>>();
  readonly #broken = new Set<string>();
  /** What was not done of what was to be made; known once all of that has ended. */
  #notMade: string | undefined;
  readonly #changed = new Set<string>();
  /** What was replaced in this run, and what depends on it. */
  readonly #replaced = new Set<string>();
  readonly #toConfirm: Change[] = [];

  constructor(plan: Plan, options: ApplyPlanOptions) {
    this.#plan = plan;
    this.#signal = options.signal ?? new AbortController().signal;
    this.#emit = options.onEvent ?? (() => {});
    this.#readsBeforeCreate = options.readsBeforeCreate ?? true;
    this.#readings = plan.readings.copy();
    this.#byId = new Map(plan.changes.map((change) => [change.resource.id, change]));
    this.#needed = new Set(
      plan.changes.flatMap(({ resource }) => (resource.needs ?? []).map(({ after }) => after)),
    );
  }

  #work(change: Change): Work {
    return {
      signal: this.#signal,
      inputs: this.#readings,
      waiting: (reason, deadline) => this.#emit({ type: "waiting", change, reason, deadline }),
    };
  }

  /** What must have ended before a change: what it depends on, or for a deletion what depends on it. */
  #before({ kind, resource }: Change): readonly string[] {
    if (kind !== "delete")
      return dependenciesOf(resource).filter((id) => this.#byId.get(id)?.kind !== "delete");
    const users = this.#plan.changes.filter((other) => dependenciesOf(other.resource).includes(resource.id));
    return users.map((other) => other.resource.id);
  }

  async #read({ resource }: Change): Promise<Observed> {
    const observed = await resource.read(this.#signal, this.#readings);
    this.#readings.set(resource, observed);
    return observed;
  }

  /** The change as it is now, read again: the world may have moved since the plan was shown. */
  async #recheck(change: Change): Promise<Change> {
    const { resource, kind } = change;
    const { id } = resource;
    const isKnown = kind === "create" && !this.#readsBeforeCreate;
    const observed = isKnown ? change.observed : await this.#read(change);
    if (kind === "delete") return absentChange(resource, observed, "is no longer wanted");
    const taken = takenError(resource, observed, this.#plan.adopt.has(id));
    if (taken !== undefined) throw taken;
    const { change: now, refusal } = presentChange(resource, observed, this.#readings);
    if (refusal !== undefined) throw refusal;
    if (now.kind === "none" || isAsShown(change, now) || this.#follows(change, now)) return now;
    throw new PodtrustError("plan-changed", `${id} is no longer as it was when the plan was made`, {
      detail: { id, planned: kind, now: now.kind },
    });
  }

  /**
   * Whether a change that was not shown follows from one that was: it was deleted with what was replaced, or is made of
   * it.
   */
  #follows(shown: Change, now: Change): boolean {
    const { resource } = shown;
    if (this.#replaced.has(resource.id)) return now.kind !== "replace";
    const isUntouched =
      fingerprintOf(resource, now.observed) === fingerprintOf(resource, this.#plan.readings.of(resource));
    return shown.kind === "none" && now.kind === "update" && isUntouched;
  }

  async #perform(change: Change): Promise<void> {
    const { resource, observed } = change;
    const work = this.#work(change);
    if (change.kind === "delete") return resource.delete(observed, work);
    let made = change;
    if (change.kind === "replace") {
      await resource.delete(observed, work);
      this.#replaced.add(resource.id);
      made = { ...presentChange(resource, { exists: false }, this.#readings).change, kind: "replace" };
    }
    const state = await resource.apply(made, work);
    this.#changed.add(resource.id);
    this.#toConfirm.push(made);
    // A list lags behind what was made a moment ago: the answer does not.
    if (state !== undefined) this.#readings.set(resource, { exists: true, state, owner: { kind: "ours" } });
    else if (this.#needed.has(resource.id)) await this.#read(change);
    return undefined;
  }

  #fail(change: Change, error: PodtrustError): void {
    this.#broken.add(change.resource.id);
    this.failed.push({ change, error });
    this.#emit({ type: "failed", change, error });
  }

  #skip(change: Change, reason: string): void {
    this.#broken.add(change.resource.id);
    if (change.kind === "none") return;
    this.skipped.push(change);
    this.#emit({ type: "skipped", change, reason });
  }

  /** Checks a change once more, and makes it. */
  async #attempt(change: Change): Promise<void> {
    let isBegun = false;
    try {
      const now = await this.#recheck(change);
      this.#signal.throwIfAborted();
      if (now.kind === "none") return this.#leave(change);
      isBegun = true;
      this.#emit({ type: "started", change: now });
      await this.#perform(now);
      this.#emit({ type: "done", change: now });
      this.done.push(now);
    } catch (thrown) {
      if (this.#signal.aborted && !isBegun) this.#skip(change, "the run was ended");
      else this.#fail(change, this.#errorOf(change, thrown));
    }
    return undefined;
  }

  #leave(change: Change): void {
    if (change.kind === "none") return;
    this.#emit({ type: "already-done", change });
    this.done.push(change);
  }

  async #applyOnce(change: Change): Promise<void> {
    const { id } = change.resource;
    const before = this.#before(change);
    await Promise.all(before.flatMap((one) => this.#ended.get(one) ?? []));
    if (before.some((one) => this.#replaced.has(one))) this.#replaced.add(id);
    const broken = before.find((one) => this.#broken.has(one));
    if (change.kind === "blocked") this.#broken.add(id);
    else if (this.#signal.aborted) this.#skip(change, "the run was ended");
    else if (this.#notMade !== undefined && change.kind === "delete" && change.resource.isRight !== true)
      this.#skip(change, `waits for the next run, since ${this.#notMade} was not done`);
    else if (broken !== undefined) this.#skip(change, `${broken} was not done`);
    else if (change.kind !== "none" || this.#mayDiffer(change, before)) await this.#attempt(change);
  }

  /** Whether what was to stay as it is need not do so, since something that it depends on was changed. */
  #mayDiffer({ resource, observed }: Change, before: readonly string[]): boolean {
    // What was replaced may have taken it with it: only the provider knows.
    if (this.#replaced.has(resource.id)) return true;
    if (!before.some((one) => this.#changed.has(one))) return false;
    return presentChange(resource, observed, this.#readings).change.kind !== "none";
  }

  #errorOf({ resource }: Change, cause: unknown): PodtrustError {
    if (!this.#signal.aborted) return asPodtrustError(cause);
    return new PodtrustError("interrupted", `${resource.id}: ended by a signal`, { cause });
  }

  async #all(changes: readonly Change[]): Promise<void> {
    await mapLimit(changes, (change) => {
      const applied = this.#applyOnce(change);
      this.#ended.set(change.resource.id, applied);
      return applied;
    });
  }

  async #confirm(change: Change): Promise<void> {
    try {
      this.#signal.throwIfAborted();
      await change.resource.confirm?.(change, this.#work(change));
      this.#emit({ type: "confirmed", change });
    } catch (thrown) {
      const error = this.#errorOf(change, thrown);
      this.unconfirmed.push({ change, error });
      this.#emit({ type: "unconfirmed", change, error });
    }
  }

  async apply(): Promise<void> {
    const { changes } = this.#plan;
    const surplus = (change: Change): boolean => change.kind === "delete";
    await this.#all(changes.filter((change) => !surplus(change)));
    // What takes the place of something is made before that goes. What was to take it may be anything that was not made.
    [this.#notMade] = this.#broken;
    await this.#all(changes.filter(surplus));
    const made = [...this.#toConfirm, ...unconfirmedOf(this.#plan)];
    const waited = made.filter(({ resource }) => resource.confirm !== undefined);
    if (waited.length === 0) return;
    this.#emit({ type: "confirming", changes: waited });
    await mapLimit(waited, (change) => this.#confirm(change));
  }
}

/**
 * Applies a plan, several changes at once and each after what it depends on. Each is checked against a fresh reading
 * first: what is done already is left, what belongs to another owner or differs from what was shown is an error. What
 * depends on something that was changed is compared again before its turn. A failure skips what depends on it and
 * nothing else; but then only rights that are no longer wanted are deleted, and all else waits for a run that makes
 * everything: it may be what the failed was to replace. When all is made, what takes time to be seen everywhere is waited for, all of it together. Plans with
 * refusals are refused whole. Cut off anywhere, another run finishes it.
 */
export async function applyPlan(plan: Plan, options: ApplyPlanOptions = {}): Promise<ApplyOutcome> {
  const [refusal] = plan.refusals;
  if (refusal !== undefined) throw refusal;
  const run = new Run(plan, options);
  await run.apply();
  const { done, failed, skipped, unconfirmed } = run;
  return { done, failed, skipped, unconfirmed };
}
