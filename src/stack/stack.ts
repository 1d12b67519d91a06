import { PodtrustError } from "../base/index.ts";
import {
  type ApplyOptions,
  type ApplyOutcome,
  applyPlan,
  movedBetween,
  type Plan,
  planOf,
  type Policy,
  type Resource,
  savedChanges,
} from "../plan/index.ts";
import type { Config } from "../config/index.ts";
import { type AwsPartContext, awsParts, type Goal, type Part, type Place } from "./parts/index.ts";
import { checkNames, isNamed, isSelected, type Selection } from "./selection.ts";

export interface StackOptions extends AwsPartContext {
  readonly signal: AbortSignal;
  readonly select?: Selection;
}

/** What a plan is for. */
export interface PlanWish {
  /** `absent` is the way down; `present` unless told. */
  readonly goal?: Goal;
  /** `upsert-only` deletes nothing; `sync` unless told. */
  readonly policy?: Policy;
  /** Takes over what exists without our mark, and makes nothing. */
  readonly adopt?: boolean;
}

/** A plan beside where it would act. */
export interface StackPlan {
  readonly config: Config;
  readonly wish: PlanWish;
  readonly places: readonly Place[];
  readonly plan: Plan;
  /** What is legal but deserves a second look, in sentences. */
  readonly warnings: readonly string[];
}

/** All that a config owns, its parts opened and checked. Ended by `close`. */
export interface Stack {
  /** Reads everything and says what would be done; changes nothing. */
  plan(wish?: PlanWish): Promise<StackPlan>;
  /** The same plan made again. Throws `plan-changed` when it is no longer as it was shown; changes nothing. */
  checkUnchanged(shown: StackPlan): Promise<StackPlan>;
  apply(shown: StackPlan, options?: Pick<ApplyOptions, "onEvent">): Promise<ApplyOutcome>;
  close(): void;
}

/** A part that was opened, with its own of a plan's resources. */
interface OpenPart {
  readonly part: Part;
  readonly place: Place;
}

interface Wanted {
  readonly part: Part;
  readonly desired: readonly Resource[];
  /** What is desired and not selected. */
  readonly context: readonly Resource[];
  readonly owned: readonly Resource[];
}

// With --only, a part that has nothing of what is named is not asked for anything, credentials included.
function meantParts(parts: readonly Part[], { only = [] }: Selection): readonly Part[] {
  const desired = new Map(parts.map((part) => [part, part.desired("present")]));
  const known = [...desired.values()].flat();
  const allKnown = only.every((name) => known.some((one) => isNamed(one, [name])));
  if (only.length === 0 || !allKnown) return parts;
  return parts.filter((part) => desired.get(part)?.some((one) => isNamed(one, only)));
}

class PartsStack implements Stack {
  readonly #options: StackOptions;
  readonly #parts: readonly OpenPart[];

  constructor(options: StackOptions, parts: readonly OpenPart[]) {
    this.#options = options;
    this.#parts = parts;
  }

  async #wanted(wish: PlanWish): Promise<readonly Wanted[]> {
    const { signal, select = {} } = this.#options;
    const goal = wish.goal ?? "present";
    const all = await Promise.all(
      this.#parts.map(async ({ part }) => ({
        part,
        desired: part.desired(goal),
        owned: wish.adopt === true ? [] : await part.owned(signal),
      })),
    );
    const every = all.flatMap(({ desired, owned }) => [...desired, ...owned]);
    checkNames(every, [...(select.only ?? []), ...(select.skip ?? [])]);
    const meant = (resources: readonly Resource[]): readonly Resource[] =>
      resources.filter((resource) => isSelected(resource, select));
    return all.map(({ part, desired, owned }) => ({
      part,
      desired: meant(desired),
      context: desired.filter((resource) => !isSelected(resource, select)),
      owned: meant(owned),
    }));
  }

  async plan(wish: PlanWish = {}): Promise<StackPlan> {
    const { config, signal } = this.#options;
    const wanted = await this.#wanted(wish);
    const desired = wanted.flatMap((one) => one.desired);
    const owned = wanted.flatMap((one) => one.owned);
    const goal = wish.goal ?? "present";
    const adopt = new Set(wish.adopt === true ? desired.map(({ id }) => id) : []);
    const policy = wish.policy ?? "sync";
    const context = wanted.flatMap((one) => one.context);
    const plan = await planOf({ desired, owned, goal, policy, adopt, context }, signal);
    const warnings = goal === "present" ? [...config.warnings] : [];
    const refusals = [...plan.refusals];
    if (wish.adopt === true) refusals.push(...absentees(plan));
    for (const one of wanted) {
      const own = new Set([...one.desired, ...one.owned].map(({ id }) => id));
      const changes = plan.changes.filter(({ resource }) => own.has(resource.id));
      const found = await one.part.preflight(changes, signal);
      refusals.push(...found.refusals);
      warnings.push(...found.warnings);
    }
    return {
      config,
      wish,
      places: this.#parts.map(({ place }) => place),
      plan: { ...plan, refusals },
      warnings: [...new Set(warnings)],
    };
  }

  async checkUnchanged(shown: StackPlan): Promise<StackPlan> {
    const now = await this.plan(shown.wish);
    const ids = movedBetween(savedChanges(shown.plan), savedChanges(now.plan));
    if (ids.length === 0) return now;
    throw new PodtrustError(
      "plan-changed",
      `${ids.join(", ")} ${ids.length === 1 ? "is" : "are"} no longer as the plan showed; nothing was done`,
      { detail: { ids } },
    );
  }

  apply(shown: StackPlan, options: Pick<ApplyOptions, "onEvent"> = {}): Promise<ApplyOutcome> {
    return applyPlan(shown.plan, { ...options, signal: this.#options.signal });
  }

  close(): void {
    for (const { part } of this.#parts) part.close();
  }
}

function absentees(plan: Plan): readonly PodtrustError[] {
  return plan.changes
    .filter(({ observed }) => !observed.exists)
    .map(
      ({ resource }) =>
        new PodtrustError(
          "plan-nothing-there",
          `${resource.id} does not exist: there is nothing to take over`,
          {
            detail: { id: resource.id },
          },
        ),
    );
}

/** Says each text once. */
function saidOnce(notice: (text: string) => void): (text: string) => void {
  const said = new Set<string>();
  return (text) => {
    if (said.has(text)) return;
    said.add(text);
    notice(text);
  };
}

/**
 * Opens the parts of a config that a selection means, and makes sure of each that it is what the config means,
 * before anything is read or planned. Throws `config-without-aws`, `aws-wrong-account`, and what is wrong with
 * credentials.
 */
export async function openStack(options: StackOptions): Promise<Stack> {
  const { config, signal, select = {}, notice = () => {} } = options;
  if (config.aws.length === 0) {
    throw new PodtrustError("config-without-aws", `${config.file} names no AWS account`);
  }
  const parts = awsParts({ ...options, notice: saidOnce(notice) });
  try {
    const meant = meantParts(parts, select);
    const opened = meant.map(async (part) => ({ part, place: await part.open(signal) }));
    return new PartsStack(options, await Promise.all(opened));
  } catch (error) {
    for (const part of parts) part.close();
    throw error;
  }
}
