import { defined, PodtrustError } from "../../core/base/index.ts";
import { type BoundParty, type GrantRefusal, partyNames, type Whose } from "../../rules/bindings/index.ts";
import { type Change, planOf } from "../../rules/plan/index.ts";
import type { PartTarget } from "../../stack/parts/index.ts";
import type { BindingFiles, Finding, PartyReaders, ShownPlan } from "../../stack/index.ts";

/** A binding as far as every relying party's is alike. */
export interface FileBinding extends Whose {
  readonly trust: string;
}

/** A trust likewise. */
export interface FileTrust {
  readonly name: string;
  readonly issuer: string;
  /** Absent where what is made carries no stack's mark. */
  readonly stack?: string;
}

/** The objects of some files: all that a cluster would hold of one relying party. */
export interface BindingSet<Binding, Trust> {
  readonly trusts: readonly Trust[];
  readonly bindings: readonly Binding[];
  /** What bindings have that are not among these stays. */
  readonly upsertOnly: boolean;
}

/** When a plan is made, in milliseconds since the epoch, and what ends that. */
export interface PlanTime {
  readonly now: number;
  readonly signal: AbortSignal;
}

/** What the bindings of one trust ask for. */
export interface AskedOfTrust<Binding, Granted> {
  /** Those that were granted something, and what. */
  readonly granted: ReadonlyMap<Binding, Granted>;
  /** The same of all trusts of the files. */
  readonly everywhere: ReadonlyMap<Binding, Granted>;
  /** Those of all trusts that were granted nothing. */
  readonly refused: readonly Binding[];
  /** Whether what nobody has here stays: it was said so, or is not known while a binding of the trust is refused. */
  readonly keeps: boolean;
}

/** What is put together for one trust. */
export interface TrustPlan {
  readonly places: readonly PartTarget[];
  readonly changes: readonly Change[];
  readonly refusals: readonly PodtrustError[];
  readonly warnings: readonly string[];
}

/** What comes together of a trust's bindings, one after the other. */
export class GatheredPlan {
  readonly changes: Change[] = [];
  readonly refusals: PodtrustError[] = [];
  readonly warnings: string[] = [];

  take({ changes, refusals }: Pick<TrustPlan, "changes" | "refusals">): void {
    this.changes.push(...changes);
    this.refusals.push(...refusals);
  }
}

/** One row for each relying party: what is another thing for it in a plan of files. By the judges of its passes. */
export interface FilePlans<
  Binding extends FileBinding,
  Trust extends FileTrust,
  Granted,
> extends PartyReaders<Binding, Trust> {
  readonly decide: (
    binding: Binding,
    trust: Trust,
  ) => { readonly granted: Granted } | { readonly refusals: readonly GrantRefusal[] };
  /** Asks the relying party, and changes nothing. Throws where it gave no answer at all. */
  readonly plan: (trust: Trust, asked: AskedOfTrust<Binding, Granted>, at: PlanTime) => Promise<TrustPlan>;
}

/** How a binding is named before what is said of it. */
export const nameOf = ({ namespace, name }: Whose): string => `${namespace}/${name}`;

/** What a pass refuses a binding, as a plan tells it. */
function refusedError(
  binding: Whose,
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

/** The same of what was found at the relying party. */
export function foundError(binding: Whose, { reason, seen, next }: Finding): PodtrustError {
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
 * What the operator would do at a relying party if the cluster held just these objects, a plan for each trust; changes nothing
 * and asks no cluster. Throws `binding-refused` for a binding whose trust is not among them, and where the relying party gave no
 * answer.
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
    // What a refused binding has is no surplus: nothing is deleted while its file stands.
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

/** What plans the files of one relying party. */
export interface FilePlanner {
  /** Reads what is the relying party's; it is planned once everybody's was read. */
  read(files: BindingFiles, upsertOnly: boolean): (at: PlanTime) => Promise<readonly ShownPlan[]>;
  close(): void;
}

/** That of a row; `close` ends what it holds open. */
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
