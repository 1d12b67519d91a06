import { asPodtrustError, PodtrustError } from "../base/index.ts";
import { absentChange, type Plan, presentChange, takenError } from "./plan.ts";
import type { Change, FieldChange, Work } from "./resource.ts";

/** What happens while a plan is applied, for a screen or a log. */
export type ApplyEvent =
  | { readonly type: "started" | "done"; readonly change: Change }
  /** Nothing was left to do: somebody else, or an earlier run, did it. */
  | { readonly type: "already-done"; readonly change: Change }
  | { readonly type: "waiting"; readonly change: Change; readonly reason: string; readonly deadline: number }
  | { readonly type: "failed"; readonly change: Change; readonly error: PodtrustError }
  /** Not tried, since what it needs failed or the run was ended. */
  | { readonly type: "skipped"; readonly change: Change; readonly reason: string };

export interface ApplyOptions {
  readonly onEvent?: (event: ApplyEvent) => void;
  readonly signal?: AbortSignal;
}

/** How it ended. All of `done` stands, whatever else failed. */
export interface ApplyOutcome {
  readonly done: readonly Change[];
  readonly failed: readonly { readonly change: Change; readonly error: PodtrustError }[];
  readonly skipped: readonly Change[];
}

const shape = (kind: string, fields: readonly FieldChange[]): string => JSON.stringify([kind, fields]);

/** The change as it is now, read again: the world may have moved since the plan was shown. */
async function recheck(change: Change, plan: Plan, signal: AbortSignal): Promise<Change> {
  const { resource } = change;
  const observed = await resource.read(signal);
  if (change.kind === "delete") return absentChange(resource, observed, "is no longer wanted");
  const taken = takenError(resource, observed, plan.adopt.has(resource.id));
  if (taken !== undefined) throw taken;
  const { change: now, refusal } = presentChange(resource, observed);
  if (refusal !== undefined) throw refusal;
  if (now.kind === "none" || shape(now.kind, now.fields) === shape(change.kind, change.fields)) return now;
  throw new PodtrustError("plan-changed", `${resource.id} is no longer as it was when the plan was made`, {
    detail: { id: resource.id, planned: change.kind, now: now.kind },
  });
}

async function perform(change: Change, work: Work): Promise<void> {
  const { resource, observed } = change;
  if (change.kind === "delete") return resource.delete(observed, work);
  if (change.kind !== "replace") return resource.apply(change, work);
  await resource.delete(observed, work);
  const absent = { exists: false } as const;
  const { kind, fields } = resource.diff(absent);
  return resource.apply({ ...change, kind, fields, observed: absent }, work);
}

/**
 * Applies a plan in its order. Each change is checked against a fresh reading first: what is done already is
 * left, what belongs to somebody else or differs from what was shown is an error. A failure skips what depends
 * on it and nothing else. Plans with refusals are refused whole. Cut off anywhere, another run finishes it.
 */
export async function applyPlan(plan: Plan, options: ApplyOptions = {}): Promise<ApplyOutcome> {
  const [refusal] = plan.refusals;
  if (refusal !== undefined) throw refusal;
  const signal = options.signal ?? new AbortController().signal;
  const say = options.onEvent ?? (() => {});
  const done: Change[] = [];
  const failed: { change: Change; error: PodtrustError }[] = [];
  const skipped: Change[] = [];
  const broken = new Set<string>();

  const skip = (change: Change, reason: string): void => {
    broken.add(change.resource.id);
    skipped.push(change);
    say({ type: "skipped", change, reason });
  };
  const attempt = async (change: Change): Promise<void> => {
    say({ type: "started", change });
    const now = await recheck(change, plan, signal);
    if (now.kind === "none") say({ type: "already-done", change });
    else {
      await perform(now, {
        signal,
        waiting: (reason, deadline) => say({ type: "waiting", change, reason, deadline }),
      });
      say({ type: "done", change });
    }
    done.push(change);
  };

  for (const change of plan.changes) {
    const needed = blockers(change, plan).find((id) => broken.has(id));
    if (change.kind === "none") continue;
    if (signal.aborted) skip(change, "the run was ended");
    else if (needed !== undefined) skip(change, `${needed} was not done`);
    else {
      try {
        await attempt(change);
      } catch (thrown) {
        const error = signal.aborted
          ? new PodtrustError("interrupted", `${change.resource.id}: ended by a signal`, { cause: thrown })
          : asPodtrustError(thrown);
        broken.add(change.resource.id);
        failed.push({ change, error });
        say({ type: "failed", change, error });
      }
    }
  }
  return { done, failed, skipped };
}

/** What must have gone well before a change: what it depends on, or for a deletion what depends on it. */
function blockers(change: Change, plan: Plan): readonly string[] {
  if (change.kind !== "delete") return change.resource.dependsOn;
  return plan.changes
    .filter((other) => other.resource.dependsOn.includes(change.resource.id))
    .map((other) => other.resource.id);
}
