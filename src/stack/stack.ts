import { defined, PodtrustError } from "../core/base/index.ts";
import {
  type ApplyPlanOptions,
  type ApplyOutcome,
  applyPlan,
  movedBetween,
  type Observed,
  type Plan,
  planOf,
  type Resource,
  savedChanges,
} from "../rules/plan/index.ts";
import {
  type AwsPartContext,
  type Lead,
  type Part,
  partsOf,
  type PartTarget,
  type Preflight,
} from "./parts/index.ts";
import { declaredParties } from "../config/index.ts";
import { clusterIssuer } from "./cluster-issuer.ts";
import { type ObservedResources, issuerChanges } from "./issuer-change.ts";
import { machineElsewhere } from "./machine-elsewhere.ts";
import { leftBehind, type NameLeads } from "./given-back.ts";
import type { ResourceOutputs } from "./parts/index.ts";
import type { PlanSpec, StackPlan } from "./plan.ts";
import { configDigest, type SavedPlan } from "./saved-plan.ts";
import { checkNames, isNamed, isSelected, type Selection } from "./selection.ts";

export interface StackOptions extends AwsPartContext {
  readonly signal: AbortSignal;
  readonly select?: Selection;
}

/** All that a config owns, with its parts opened and checked. Closed with `close`. */
export interface Stack {
  /** Reads everything and returns what would be done; changes nothing. */
  plan(spec?: PlanSpec): Promise<StackPlan>;
  /** Outputs of existing resources for others: addresses, ids. */
  outputs(): Promise<ResourceOutputs>;
  /** The same plan made again. Throws `plan-changed` if it is no longer as shown; changes nothing. */
  checkUnchanged(shown: StackPlan): Promise<StackPlan>;
  /** The plan of a file made again. Throws `plan-changed` if config or world have changed since. */
  checkSaved(saved: SavedPlan): Promise<StackPlan>;
  apply(shown: StackPlan, options?: Pick<ApplyPlanOptions, "onEvent">): Promise<ApplyOutcome>;
  close(): void;
}

/** An opened part, with its own resources of a plan. */
interface OpenPart {
  readonly part: Part;
  readonly place: PartTarget;
}

interface PartSurvey {
  readonly part: Part;
  readonly desired: readonly Resource[];
  /** Desired and not selected. */
  readonly context: readonly Resource[];
  readonly owned: readonly Resource[];
  /** Owned by the stack and not selected. */
  readonly left: readonly Resource[];
  readonly seen: ReadonlyMap<string, Observed>;
}

// With --only, a part without any named resource or dependency of one is not opened, so that not even its credentials
// are needed.
function meantParts(parts: readonly Part[], { only = [] }: Selection): readonly Part[] {
  const known = parts.flatMap(({ named }) => named);
  const allKnown = only.every((name) => known.some((one) => isNamed(one, [name])));
  if (only.length === 0 || !allKnown) return parts;
  const meant = new Set(parts.filter(({ named }) => named.some((one) => isNamed(one, only))));
  // A set grows while it is iterated: indirect dependencies are opened too.
  for (const { needs = [] } of meant) {
    for (const part of parts)
      if (needs.some(({ after }) => part.named.some(({ id }) => id === after))) meant.add(part);
  }
  return parts.filter((part) => meant.has(part));
}

/** What was found of a stack, as far as no part can judge it alone. */
interface StandingWhole extends Pick<NameLeads, "lookAtLeads"> {
  readonly wanted: ObservedResources;
  readonly others: ObservedResources;
  readonly context: ObservedResources;
}

// What all parts want, for one plan.
function together(surveys: readonly PartSurvey[]): Omit<PartSurvey, "part"> {
  return {
    desired: surveys.flatMap(({ desired }) => desired),
    context: surveys.flatMap(({ context }) => context),
    owned: surveys.flatMap(({ owned }) => owned),
    left: surveys.flatMap(({ left }) => left),
    seen: new Map(surveys.flatMap(({ seen }) => [...seen])),
  };
}

class PartsStack implements Stack {
  readonly #options: StackOptions;
  readonly #parts: readonly OpenPart[];

  constructor(options: StackOptions, parts: readonly OpenPart[]) {
    this.#options = options;
    this.#parts = parts;
  }

  async #surveys(spec: PlanSpec): Promise<readonly PartSurvey[]> {
    const { signal, select = {} } = this.#options;
    const goal = spec.goal ?? "present";
    const all = await Promise.all(
      this.#parts.map(async ({ part }) => ({ part, ...(await part.survey(goal, signal)) })),
    );
    // Adoption names what the config wants.
    const every = all.flatMap(({ desired, owned }) =>
      spec.adopt === true ? desired : [...desired, ...owned],
    );
    // Something that a part may have but has not, such as a key of another owner, is no wrong name.
    const possible = spec.adopt === true ? [] : this.#parts.flatMap(({ part }) => part.named);
    checkNames([...every, ...possible], [...(select.only ?? []), ...(select.skip ?? [])]);
    const meant = (resources: readonly Resource[]): readonly Resource[] =>
      resources.filter((resource) => isSelected(resource, select));
    return all.map(({ part, desired, owned, seen }) => ({
      part,
      seen,
      desired: meant(desired),
      context: desired.filter((resource) => !isSelected(resource, select)),
      // Adoption deletes nothing.
      owned: spec.adopt === true ? [] : meant(owned),
      left: owned.filter((resource) => !isSelected(resource, select)),
    }));
  }

  /**
   * Several runs may choose a name at once, until something remembers one of them: everything else waits for that, so
   * that a run that comes too late has created nothing under its own.
   */
  #claimed(survey: Omit<PartSurvey, "part">): Omit<PartSurvey, "part"> {
    const claims = this.#parts.flatMap(({ part }) => part.claim ?? []);
    if (this.#options.config.named?.isNew !== true || claims.length === 0) return survey;
    const behind = (one: Resource): Resource =>
      claims.includes(one.id) ? one : { ...one, dependsOn: [...one.dependsOn, ...claims] };
    return { ...survey, desired: survey.desired.map(behind) };
  }

  async plan(spec: PlanSpec = {}): Promise<StackPlan> {
    const { config, signal } = this.#options;
    const surveys = await this.#surveys(spec);
    const { desired, owned, left, context, seen } = this.#claimed(together(surveys));
    const goal = spec.goal ?? "present";
    const adopt = new Set(spec.adopt === true ? desired.map(({ id }) => id) : []);
    const policy = spec.policy ?? "sync";
    const plan = await planOf({ desired, owned, goal, policy, adopt, context, seen }, signal);
    const warnings = goal === "present" ? [...config.warnings] : [];
    const refusals = [...plan.refusals];
    if (spec.adopt === true) refusals.push(...absentees(plan));
    const makes = plan.changes.some(({ kind }) => kind !== "none" && kind !== "blocked" && kind !== "delete");
    // The cluster that this run sets up has the issuer afterwards: its flags are read back then.
    const clusters = new Set(this.#parts.map(({ part }) => part.cluster));
    const sets = plan.changes.some(({ kind, resource }) => clusters.has(resource.id) && kind !== "none");
    // Only the cluster shows what other relying parties verify, even if nothing is to be created.
    const isAsked = makes || (goal === "present" && declaredParties(config).some((name) => name !== "aws"));
    if (isAsked && !sets) {
      const { refusals: wrong, unverified, warnings: unsure } = await clusterIssuer(this.#options, signal);
      refusals.push(...unverified);
      if (spec.allowIssuerMismatch !== true) refusals.push(...wrong);
      else warnings.push(...wrong.map(({ message }) => message));
      warnings.push(...unsure);
    }
    const lookAtLeads = this.#leadsLook();
    const judged = await this.#judged(surveys, plan, spec, lookAtLeads);
    refusals.push(...judged.refusals);
    warnings.push(...judged.warnings);
    const found = (resources: readonly Resource[]): ObservedResources =>
      resources.map((one) => [one, seen.get(one.id) ?? plan.readings.of(one)]);
    const standing = { wanted: found(desired), others: found([...owned, ...left]), context: found(context) };
    const judgedWhole = await this.#judgedWhole(spec, plan, { ...standing, lookAtLeads });
    refusals.push(...judgedWhole.refusals);
    warnings.push(...judgedWhole.warnings);
    return {
      config,
      spec,
      places: this.#parts.map(({ place }) => place),
      plan: { ...plan, refusals },
      warnings: [...new Set(warnings)],
      costs: judged.costs,
    };
  }

  /** Where the issuer's name leads, by whichever part manages its records: asked for once, by who first needs it. */
  #leadsLook(): NameLeads["lookAtLeads"] {
    const { signal } = this.#options;
    let asked: Promise<readonly Lead[]> | undefined;
    const first = (): typeof asked =>
      this.#parts.map(({ part }) => part.leads?.(signal)).find((one) => one !== undefined);
    return () => (asked ??= first());
  }

  /** What no part can say alone: of the issuer's name, its machine, and who is let in by its tokens. */
  async #judgedWhole(
    { goal = "present", adopt = false, allowReplace = false }: PlanSpec,
    plan: Plan,
    { wanted, others, context, lookAtLeads }: StandingWhole,
  ): Promise<Preflight> {
    const { config, select: { leave = [] } = {} } = this.#options;
    const names = await leftBehind(plan, { config, lookAtLeads, leave });
    if (adopt) return names;
    const elsewhere = await machineElsewhere({
      config,
      found: [...wanted, ...others, ...context],
      lookAtLeads,
    });
    const changed = issuerChanges({ config, goal, wanted, others });
    const waived = [...elsewhere, ...changed];
    if (!allowReplace) return { refusals: [...names.refusals, ...waived], warnings: names.warnings };
    return {
      refusals: names.refusals,
      warnings: [...names.warnings, ...waived.map(({ message }) => message)],
    };
  }

  /** The parts' comments on a plan, each on its own resources. */
  async #judged(
    surveys: readonly PartSurvey[],
    plan: Plan,
    spec: PlanSpec,
    leads: NameLeads["lookAtLeads"],
  ): Promise<Required<Preflight>> {
    const { goal = "present", allowInUse = false, allowReplace = false } = spec;
    const all: Required<Preflight>[] = [];
    for (const { part, desired, owned } of surveys) {
      const own = new Set([...desired, ...owned].map(({ id }) => id));
      const changes = plan.changes.filter(({ resource }) => own.has(resource.id));
      const judged = { goal, changes, allowInUse, allowReplace, leads };
      all.push({ costs: [], ...(await part.preflight(judged, this.#options.signal)) });
    }
    return {
      refusals: all.flatMap(({ refusals }) => refusals),
      warnings: all.flatMap(({ warnings }) => warnings),
      costs: all.flatMap(({ costs }) => costs),
    };
  }

  async outputs(): Promise<ResourceOutputs> {
    const { signal } = this.#options;
    const { desired, context, seen } = together(await this.#surveys({}));
    const { readings } = await planOf({ desired, seen, context }, signal);
    const found = desired.flatMap((resource) => {
      const observed = readings.of(resource);
      const isOurs = observed.exists && observed.owner.kind === "ours";
      return isOurs ? [[resource.id, resource.outputs?.(observed.state) ?? {}] as const] : [];
    });
    return new Map(found);
  }

  async #asShown(spec: PlanSpec, changes: readonly { readonly id: string }[]): Promise<StackPlan> {
    const now = await this.plan(spec);
    const ids = movedBetween(changes, savedChanges(now.plan));
    if (ids.length === 0) return now;
    throw new PodtrustError(
      "plan-changed",
      `${ids.join(", ")} ${ids.length === 1 ? "is" : "are"} no longer as the plan showed; nothing was done`,
      { detail: { ids } },
    );
  }

  checkUnchanged(shown: StackPlan): Promise<StackPlan> {
    return this.#asShown(shown.spec, savedChanges(shown.plan));
  }

  async checkSaved(saved: SavedPlan): Promise<StackPlan> {
    const { config } = this.#options;
    const { stack, file } = config;
    if (saved.stack !== stack) {
      const sentence = `the plan was saved for stack ${saved.stack}, and ${file} is stack ${stack}; nothing was done`;
      throw new PodtrustError("plan-changed", sentence, {
        next: `Name the config of stack ${saved.stack} with -f FILE, or save a plan of stack ${stack}.`,
        detail: { saved: saved.stack, stack },
      });
    }
    if (saved.config !== configDigest(config)) {
      throw new PodtrustError(
        "plan-changed",
        `${file} has changed since the plan was saved; nothing was done`,
      );
    }
    return this.#asShown(saved.spec, saved.changes);
  }

  apply(shown: StackPlan, options: Pick<ApplyPlanOptions, "onEvent"> = {}): Promise<ApplyOutcome> {
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

/** Prints each text once. */
function saidOnce(notice: (text: string) => void): (text: string) => void {
  const said = new Set<string>();
  return (text) => {
    if (said.has(text)) return;
    said.add(text);
    notice(text);
  };
}

/**
 * Opens the selected parts of a config, and checks that each is what the config means, before anything is read or
 * planned. Throws `config-without-aws`, `aws-wrong-account`, and errors of credentials.
 */
export async function openStack(options: StackOptions): Promise<Stack> {
  const { config, signal, select = {}, notice = () => {} } = options;
  const parts = await partsOf({ ...options, ...defined({ leave: select.leave }), notice: saidOnce(notice) });
  if (parts.length === 0) {
    throw new PodtrustError(
      "config-without-aws",
      `${config.file} names no AWS account, no dns and no machine`,
    );
  }
  try {
    const meant = meantParts(parts, select);
    const opened = meant.map(async (part) => ({ part, place: await part.open(signal) }));
    return new PartsStack(options, await Promise.all(opened));
  } catch (error) {
    for (const part of parts) part.close();
    throw error;
  }
}
