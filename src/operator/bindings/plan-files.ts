import { defined, PodtrustError } from "../../core/base/index.ts";
import {
  type BoundParty,
  type GrantRefusal,
  partyNames,
  type NamespacedName,
} from "../../rules/bindings/index.ts";
import { type Change, planOf } from "../../rules/plan/index.ts";
import type { PartTarget } from "../../stack/parts/index.ts";
import type { BindingFiles, Finding, PartyReaders, ShownPlan } from "../../stack/index.ts";

/** The part of a binding that is the same for every relying party. */
export interface FileBinding extends NamespacedName {
  readonly trust: string;
}

/** The same part of a trust. */
export interface FileTrust {
  readonly name: string;
  readonly issuer: string;
  /** Absent if the objects made carry no stack's mark. */
  readonly stack?: string;
}

/** The objects of some files: all that a cluster would hold of one relying party. */
export interface BindingSet<Binding, Trust> {
  readonly trusts: readonly Trust[];
  readonly bindings: readonly Binding[];
  /** What bindings have that are not among these stays. */
  readonly upsertOnly: boolean;
}

/** The time of the plan, in milliseconds since the epoch, and what aborts it. */
export interface PlanTime {
  readonly now: number;
  readonly signal: AbortSignal;
}

/** What the bindings of one trust ask for. */
export interface TrustDecisions<Binding, Granted> {
  /** Those that were granted something, and what. */
  readonly granted: ReadonlyMap<Binding, Granted>;
  /** The same of all trusts of the files. */
  readonly everywhere: ReadonlyMap<Binding, Granted>;
  /** Those of all trusts that were granted nothing. */
  readonly refused: readonly Binding[];
  /**
   * Whether objects of bindings in no file stay: because that was requested, or because a binding of the trust is
   * refused.
   */
  readonly keeps: boolean;
}

/** What is planned for one trust. */
export interface TrustPlan {
  readonly places: readonly PartTarget[];
  readonly changes: readonly Change[];
  readonly refusals: readonly PodtrustError[];
  readonly warnings: readonly string[];
}

/** Collects what a trust's bindings need, one after the other. */
export class GatheredPlan {
  readonly changes: Change[] = [];
  readonly refusals: PodtrustError[] = [];
  readonly warnings: string[] = [];

  take({ changes, refusals }: Pick<TrustPlan, "changes" | "refusals">): void {
    this.changes.push(...changes);
    this.refusals.push(...refusals);
  }
}

/** One row per relying party: where plans of files differ. Uses the judges of its passes. */
export interface FilePlans<
  Binding extends FileBinding,
  Trust extends FileTrust,
  Granted,
> extends PartyReaders<Binding, Trust> {
  readonly decide: (
    binding: Binding,
    trust: Trust,
  ) => { readonly granted: Granted } | { readonly refusals: readonly GrantRefusal[] };
  /** Asks the relying party, and changes nothing. Throws if it gave no answer at all. */
  readonly plan: (trust: Trust, asked: TrustDecisions<Binding, Granted>, at: PlanTime) => Promise<TrustPlan>;
}

/** How messages name a binding. */
export const nameOf = ({ namespace, name }: NamespacedName): string => `${namespace}/${name}`;

/** The refusal of a pass, in the words of a plan. */
function refusedError(
  binding: NamespacedName,
  {
    reason,
    message,
    next,
  }: Pick<GrantRefusal, "message"> & { readonly reason: string; readonly next?: string },
): PodtrustError {
  const detail = { binding: nameOf(binding), reason };
  const sentence = `${nameOf(binding)}: ${message}`;
  return new PodtrustError("binding-refused", sentence, next === undefined ? { detail } : { detail, next });
}

/** The same for findings at the relying party. */
export function foundError(binding: NamespacedName, { reason, seen, next }: Finding): PodtrustError {
  return refusedError(binding, { reason, message: seen, ...defined({ next }) });
}

/** Throws `binding-refused` for a binding whose trust is not among the files. */
function checkTrusts<Binding extends FileBinding>(
  party: BoundParty,
  { bindings, trusts }: BindingSet<Binding, FileTrust>,
): void {
  const orphan = bindings.find(({ trust }) => !trusts.some(({ name }) => name === trust));
  if (orphan === undefined) return;
  const kinds = partyNames[party];
  const missing = `${kinds.trust.kind} ${orphan.trust}`;
  throw refusedError(orphan, {
    reason: "TrustMissing",
    message: `there is no ${missing} among the files`,
    next: `Put the ${missing} beside them, or leave the ${kinds.binding.kind} out.`,
  });
}

/**
 * What the operator would do at a relying party if the cluster held just these objects, one plan per trust; changes
 * nothing and asks no cluster. Throws `binding-refused` for a binding whose trust is not among them, and if the relying
 * party did not answer.
 */
export async function planBindings<Binding extends FileBinding, Trust extends FileTrust, Granted>(
  row: FilePlans<Binding, Trust, Granted>,
  set: BindingSet<Binding, Trust>,
  at: PlanTime,
): Promise<readonly ShownPlan[]> {
  checkTrusts(row.party, set);
  const everywhere = new Map<Binding, Granted>();
  const refusals = new Map<Binding, readonly PodtrustError[]>();
  for (const binding of set.bindings) {
    const trust = set.trusts.find(({ name }) => name === binding.trust);
    if (trust === undefined) continue;
    const decided = row.decide(binding, trust);
    if ("granted" in decided) everywhere.set(binding, decided.granted);
    else
      refusals.set(
        binding,
        decided.refusals.map((one) => refusedError(binding, one)),
      );
  }
  const plans: ShownPlan[] = [];
  for (const trust of set.trusts) {
    const isOwn = (binding: Binding): boolean => binding.trust === trust.name;
    const granted = new Map([...everywhere].filter(([binding]) => isOwn(binding)));
    const refused = [...refusals].flatMap(([binding, errors]) => (isOwn(binding) ? errors : []));
    // What a refused binding has is not surplus: nothing is deleted while its file exists.
    const keeps = set.upsertOnly || refused.length > 0;
    const asked = { granted, everywhere, refused: [...refusals.keys()], keeps };
    const made = await row.plan(trust, asked, at);
    plans.push(await shownPlan(row.party, trust, { ...made, refusals: [...refused, ...made.refusals] }, at));
  }
  return plans;
}

async function shownPlan(
  party: BoundParty,
  { name, issuer, stack }: FileTrust,
  { places, changes, refusals, warnings }: TrustPlan,
  { signal }: PlanTime,
): Promise<ShownPlan> {
  const empty = await planOf({ desired: [] }, signal);
  return {
    trust: `${partyNames[party].trust.kind} ${name}`,
    config: { issuer, ...defined({ stack }) },
    places,
    plan: { ...empty, changes, refusals },
    warnings,
    costs: [],
  };
}

/** Plans the files of one relying party. */
export interface FilePlanner {
  /** Reads the relying party's objects; planning starts once all files are read. */
  read(files: BindingFiles, upsertOnly: boolean): (at: PlanTime) => Promise<readonly ShownPlan[]>;
  close(): void;
}

/** A row's reader; `close` releases what it holds open. */
export function filePlanner<Binding extends FileBinding, Trust extends FileTrust, Granted>(
  row: FilePlans<Binding, Trust, Granted>,
  close: () => void = () => {},
): FilePlanner {
  return {
    read(files, upsertOnly) {
      const set = { ...files.read(row), upsertOnly };
      return (at) => planBindings(row, set, at);
    },
    close,
  };
}
