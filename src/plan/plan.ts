import { mapLimit, PodtrustError } from "../base/index.ts";
import { inOrder } from "./order.ts";
import { ownerText } from "./ownership.ts";
import type { Change, Observed, Resource } from "./resource.ts";

/** `sync` also deletes what is ours and no longer desired; `upsert-only` never deletes. */
export type Policy = "sync" | "upsert-only";

export interface PlanInput {
  /** What shall be. */
  readonly desired: readonly Resource[];
  /** What carries our mark, desired or not: candidates for deletion. */
  readonly owned?: readonly Resource[];
  /** `absent` plans the way down: everything that is ours goes. */
  readonly goal?: "present" | "absent";
  readonly policy?: Policy;
  /** Ids that may be taken over although they do not carry our mark (`import`). */
  readonly adopt?: ReadonlySet<string>;
}

/** What would be done, in the order in which it would be done. */
export interface Plan {
  readonly changes: readonly Change[];
  /** Why the plan must not be applied, all of them; empty when it may. */
  readonly refusals: readonly PodtrustError[];
  readonly adopt: ReadonlySet<string>;
}

/** A resource beside what was found of it. */
interface Seen {
  readonly id: string;
  readonly dependsOn: readonly string[];
  readonly resource: Resource;
  readonly observed: Observed;
}

async function readAll(resources: readonly Resource[], signal: AbortSignal): Promise<readonly Seen[]> {
  return mapLimit(resources, async (resource) => {
    const observed = await resource.read(signal);
    return { id: resource.id, dependsOn: resource.dependsOn, resource, observed };
  });
}

/** The error of a name that somebody else has, or undefined when the thing is absent, ours, or to be adopted. */
export function takenError(
  resource: Resource,
  observed: Observed,
  adopt: boolean,
): PodtrustError | undefined {
  if (!observed.exists || observed.owner.kind === "ours") return undefined;
  // What a newer podtrust wrote is not for this one to understand, adopted or not.
  if (adopt && observed.owner.kind !== "newer-format") return undefined;
  const whose = ownerText(observed.owner);
  return new PodtrustError("plan-name-taken", `${resource.id} exists already and belongs to ${whose}`, {
    detail: { id: resource.id, owner: observed.owner },
  });
}

/** One resource's change when it shall be there. */
export function presentChange(
  resource: Resource,
  observed: Observed,
): { change: Change; refusal?: PodtrustError } {
  const { kind, fields, refusal } = resource.diff(observed);
  const change: Change = { resource, kind, fields, observed };
  return refusal === undefined ? { change } : { change, refusal };
}

/** One resource's change when it shall not be there: only what is ours goes. */
export function absentChange(resource: Resource, observed: Observed, reason: string): Change {
  const stays: Change = { resource, kind: "none", fields: [], observed };
  if (!observed.exists) return { ...stays, reason: "is not there" };
  if (observed.owner.kind !== "ours") {
    return { ...stays, reason: `left alone: belongs to ${ownerText(observed.owner)}` };
  }
  return { ...stays, kind: "delete", reason };
}

function surplusOf(input: PlanInput): readonly Resource[] {
  const wanted = new Set(input.desired.map((resource) => resource.id));
  return (input.owned ?? []).filter((resource) => !wanted.has(resource.id));
}

async function planDown(input: PlanInput, adopt: ReadonlySet<string>, signal: AbortSignal): Promise<Plan> {
  const every = inOrder(await readAll([...input.desired, ...surplusOf(input)], signal));
  const changes = every.map(({ resource, observed }) =>
    absentChange(resource, observed, "the stack is taken down"),
  );
  return { changes: changes.reverse(), refusals: [], adopt };
}

function deletionOf({ resource, observed }: Seen, policy: Policy | undefined): Change {
  const change = absentChange(resource, observed, "no longer in the config");
  if (change.kind !== "delete" || policy !== "upsert-only") return change;
  return { ...change, kind: "none", reason: "no longer in the config, but this run deletes nothing" };
}

/** Reads everything and says what would be done; changes nothing. */
export async function planOf(
  input: PlanInput,
  signal: AbortSignal = new AbortController().signal,
): Promise<Plan> {
  const adopt = input.adopt ?? new Set<string>();
  if (input.goal === "absent") return planDown(input, adopt, signal);
  const desired = await readAll(inOrder(input.desired), signal);
  const surplus = await readAll(inOrder(surplusOf(input)), signal);
  const refusals: PodtrustError[] = [];
  const changes = desired.map(({ resource, observed }): Change => {
    const taken = takenError(resource, observed, adopt.has(resource.id));
    if (taken !== undefined) {
      refusals.push(taken);
      return { resource, kind: "none", fields: [], observed, reason: taken.message };
    }
    const { change, refusal } = presentChange(resource, observed);
    if (refusal !== undefined) refusals.push(refusal);
    return change;
  });
  const deletions = surplus.map((seen) => deletionOf(seen, input.policy));
  return { changes: [...changes, ...deletions.reverse()], refusals, adopt };
}

/** Whether applying the plan would change nothing. */
export function isEmpty(plan: Plan): boolean {
  return plan.refusals.length === 0 && plan.changes.every((change) => change.kind === "none");
}
