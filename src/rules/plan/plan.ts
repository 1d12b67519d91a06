import { defined, PodtrustError } from "../../core/base/index.ts";
import type { Inputs } from "./known.ts";
import { inOrder } from "./order.ts";
import { type Owner, ownerText } from "./ownership.ts";
import { readAll, type Readings } from "./readings.ts";
import { type Change, dependenciesOf, type Observed, type Resource } from "./resource.ts";

/** `sync` also deletes what is ours and no longer wanted; `upsert-only` never deletes. */
export type Policy = "sync" | "upsert-only";

export interface PlanInput {
  /** The desired resources. */
  readonly desired: readonly Resource[];
  /** What carries our tags, desired or not: candidates for deletion. */
  readonly owned?: readonly Resource[];
  /** `absent` plans the way down: everything that is ours goes. */
  readonly goal?: "present" | "absent";
  readonly policy?: Policy;
  /** Ids that may be taken over although they do not carry our tags (`import`). */
  readonly adopt?: ReadonlySet<string>;
  /** Resources outside this run, which may be read where one of it needs an output. */
  readonly context?: readonly Resource[];
  /** What a listing found already, by id: it is not read again. */
  readonly seen?: ReadonlyMap<string, Observed>;
}

/** What would be done, in the order in which it would be done. */
export interface Plan {
  readonly changes: readonly Change[];
  /** Why the plan must not be applied, all of them; empty when it may. */
  readonly refusals: readonly PodtrustError[];
  readonly adopt: ReadonlySet<string>;
  /** What was found when it was made. */
  readonly readings: Readings;
}

const ownerNext: Readonly<Partial<Record<Owner["kind"], string>>> = {
  "newer-format": "Use that podtrust, or a newer one.",
  "other-identity":
    "It is another config's: choose another name for the stack in this one. If both are the same stack, write that identity into this config.",
};

/** What to do about an owner, whatever the thing is; undefined where that depends on the thing. */
export function stepForOwner({ kind }: Owner): string | undefined {
  return ownerNext[kind];
}

/** The error of a name that has another owner, or undefined when the thing is absent, ours, or to be adopted. */
export function takenError(
  { id, ifTaken }: Pick<Resource, "id" | "ifTaken">,
  observed: Observed,
  adopt: boolean,
): PodtrustError | undefined {
  if (!observed.exists || observed.owner.kind === "ours") return undefined;
  // This podtrust cannot understand what a newer one wrote, adopted or not.
  if (adopt && observed.owner.kind !== "newer-format") return undefined;
  const next = stepForOwner(observed.owner) ?? ifTaken;
  return new PodtrustError(
    "plan-name-taken",
    `${id} exists already and belongs to ${ownerText(observed.owner)}`,
    {
      detail: { id, owner: observed.owner },
      ...defined({ next }),
    },
  );
}

/** The change of a resource that is to exist. */
export function presentChange(
  resource: Resource,
  observed: Observed,
  inputs: Inputs,
): { readonly change: Change; readonly refusal?: PodtrustError } {
  const { refusal, ...difference } = resource.diff(observed, inputs);
  const change: Change = { resource, observed, ...difference };
  return refusal === undefined ? { change } : { change, refusal };
}

/** The change of a resource that is to be absent: only what is ours is deleted. */
export function absentChange(resource: Resource, observed: Observed, reason: string): Change {
  const stays: Change = { resource, kind: "none", fields: [], observed };
  if (!observed.exists) return { ...stays, reason: "is not there" };
  if (observed.owner.kind !== "ours") {
    return { ...stays, reason: `left alone: belongs to ${ownerText(observed.owner)}` };
  }
  return { ...stays, kind: "delete", reason };
}

/** Whether a thing's outputs are no longer valid once its change is made. */
function hasNewOutputs({ kind, newOutputs }: Change): boolean {
  return kind === "create" || kind === "replace" || newOutputs === true;
}

function surplusOf({ desired, owned = [], context = [] }: PlanInput): readonly Resource[] {
  const known = new Set([...desired, ...context].map(({ id }) => id));
  return owned.filter(({ id }) => !known.has(id));
}

/** The resources outside the run that have to be read for outputs, directly or indirectly. */
function neededContext({ desired, context = [] }: PlanInput): readonly Resource[] {
  const byId = new Map(context.map((resource) => [resource.id, resource]));
  const needed = new Set<Resource>();
  const visit = ({ needs = [] }: Resource): void => {
    for (const { after } of needs) {
      const one = byId.get(after);
      if (one === undefined || needed.has(one)) continue;
      needed.add(one);
      visit(one);
    }
  };
  for (const resource of desired) visit(resource);
  return [...needed];
}

async function planDown(input: PlanInput, adopt: ReadonlySet<string>, signal: AbortSignal): Promise<Plan> {
  // What a listing found is deleted as it was found: the listing knows its contents.
  const { owned = [] } = input;
  const known = new Set(owned.map(({ id }) => id));
  const skipped = new Set((input.context ?? []).map(({ id }) => id));
  const named = input.desired.filter(({ id }) => !known.has(id));
  const doomed = [...named, ...owned.filter(({ id }) => !skipped.has(id))];
  const every = inOrder([...neededContext(input), ...doomed]);
  const readings = await readAll(every, input.seen ?? new Map(), signal);
  const context = new Set(neededContext(input));
  const changes = every
    .filter((resource) => !context.has(resource))
    .map((resource) => absentChange(resource, readings.of(resource), "the stack is taken down"))
    // What is in the config but was never made, or is gone already, is not shown.
    .filter(({ observed }) => observed.exists);
  return { changes: changes.reverse(), refusals: [], adopt, readings };
}

function deletionOf(resource: Resource, observed: Observed, policy: Policy | undefined): Change {
  const change = absentChange(resource, observed, "no longer in the config");
  if (change.kind !== "delete" || policy !== "upsert-only") return change;
  return { ...change, kind: "none", reason: "no longer in the config, but this run deletes nothing" };
}

/** Compares resources with what was found of them, each after those that it depends on. */
class Comparison {
  readonly changes: Change[] = [];
  readonly refusals: PodtrustError[] = [];
  readonly #readings: Readings;
  readonly #adopt: ReadonlySet<string>;
  readonly #byId = new Map<string, Change>();
  /** What is replaced, and what depends on that even indirectly, each with the first replaced thing that causes it. */
  readonly #replaced = new Map<string, string>();

  constructor(readings: Readings, adopt: ReadonlySet<string>) {
    this.#readings = readings;
    this.#adopt = adopt;
  }

  readonly #inputs: Inputs = {
    get: (output) => {
      const change = this.#byId.get(output.after);
      // What may be deleted with a thing that is replaced may come back as another one.
      const isUncertain = change !== undefined && (hasNewOutputs(change) || this.#replaced.has(output.after));
      if (isUncertain) return { known: false, after: output.after };
      return this.#readings.get(output);
    },
  };

  #compared(resource: Resource): Change {
    const { id, needs = [] } = resource;
    const observed = this.#readings.of(resource);
    const taken = takenError(resource, observed, this.#adopt.has(id));
    if (taken !== undefined) {
      this.refusals.push(taken);
      return { resource, kind: "blocked", fields: [], observed, reason: taken.message.slice(id.length + 1) };
    }
    const missing = needs.find(
      (output) => !this.#byId.has(output.after) && !this.#readings.get(output).known,
    );
    if (missing !== undefined) this.refusals.push(notPartOfRun(id, missing.after));
    const { change, refusal } = presentChange(resource, observed, this.#inputs);
    if (refusal !== undefined) this.refusals.push(refusal);
    return change;
  }

  add(resource: Resource): void {
    const { id } = resource;
    let change = this.#compared(resource);
    const replaced =
      change.kind === "replace"
        ? id
        : dependenciesOf(resource)
            .map((one) => this.#replaced.get(one))
            .find((one) => one !== undefined);
    if (replaced !== undefined) {
      this.#replaced.set(id, replaced);
      // It may be deleted with its container, or may have to be made anew: that is not known before.
      if (change.kind === "none")
        change = { ...change, reason: `compared again after ${replaced} is replaced` };
    }
    this.#byId.set(id, change);
    this.changes.push(change);
  }
}

function notPartOfRun(id: string, needed: string): PodtrustError {
  const sentence = `${id} takes a value from ${needed}, which does not exist and is no part of this run`;
  return new PodtrustError("plan-needs-more", sentence, { detail: { id, needed } });
}

/** Reads everything and says what would be done; changes nothing. */
export async function planOf(
  input: PlanInput,
  signal: AbortSignal = new AbortController().signal,
): Promise<Plan> {
  const adopt = input.adopt ?? new Set<string>();
  if (input.goal === "absent") return planDown(input, adopt, signal);
  const desired = inOrder(input.desired);
  const surplus = inOrder(surplusOf(input));
  const every = inOrder([...neededContext(input), ...desired, ...surplus]);
  const readings = await readAll(every, input.seen ?? new Map(), signal);
  const comparison = new Comparison(readings, adopt);
  for (const resource of desired) comparison.add(resource);
  const deletions = surplus.map((one) => deletionOf(one, readings.of(one), input.policy));
  const changes = [...comparison.changes, ...deletions.reverse()];
  return { changes, refusals: comparison.refusals, adopt, readings };
}

/** Whether applying the plan would change nothing. */
export function isEmpty(plan: Plan): boolean {
  return plan.refusals.length === 0 && plan.changes.every((change) => change.kind === "none");
}

/** What is as desired, but may not be in effect for its users yet: an earlier run was ended while it waited. */
export function unconfirmedOf(plan: Plan): readonly Change[] {
  return plan.changes.filter(
    ({ kind, observed }) => kind === "none" && observed.exists && observed.unconfirmed !== undefined,
  );
}
