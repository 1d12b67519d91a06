import { PodtrustError } from "../../core/base/index.ts";
import { noParties } from "../../config/index.ts";
import {
  type Binding,
  bindingMark,
  decide,
  type GrantedRole,
  type Trust,
} from "../../rules/bindings/index.ts";
import { type Change, planOf } from "../../rules/plan/index.ts";
import { awsConfigOf, type BoundAccount, type BoundAccounts, roleConfigOf } from "./account/index.ts";
import type { PartTarget } from "../../stack/parts/index.ts";
import type { StackPlan } from "../../stack/index.ts";
import { adoptionTexts } from "./sync.ts";
import { boundRoles } from "./earlier-roles.ts";
import { judgeBinding } from "./prove.ts";

/** The objects of some files: all that a cluster would hold. */
export interface BindingSet {
  readonly trusts: readonly Trust[];
  readonly bindings: readonly Binding[];
  /** Roles of bindings that are not among these stay. */
  readonly upsertOnly: boolean;
}

/** What is put together for one trust. */
interface Gathered {
  readonly changes: Change[];
  readonly refusals: PodtrustError[];
  readonly warnings: string[];
}

const nameOf = ({ namespace, name }: Pick<Binding, "namespace" | "name">): string => `${namespace}/${name}`;

function refusedError(
  binding: Binding,
  { reason, message }: { reason: string; message: string },
): PodtrustError {
  const sentence = `${nameOf(binding)}: ${message}`;
  return new PodtrustError("binding-refused", sentence, { detail: { binding: nameOf(binding), reason } });
}

/** Names of marked roles of an account, by the binding whose they are. */
async function standing(
  trust: Trust,
  account: BoundAccount,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  for (const { name, binding } of boundRoles(trust, await account.trusting(signal)))
    found.set(nameOf(binding), [...(found.get(nameOf(binding)) ?? []), name]);
  return found;
}

/** What the roles of others that a binding names do for it. */
async function existingWarnings(
  trust: Trust,
  binding: Binding,
  { account, roles, now, signal }: Existing,
): Promise<readonly string[]> {
  const existing = roles.filter(({ managed }) => managed === undefined);
  const seen = await Promise.all(
    existing.map(async (granted) => {
      const state = await account.role(roleConfigOf(binding, granted).name, signal);
      const observed =
        state?.arn === granted.arn
          ? ({ exists: true, state, owner: { kind: "ours" } } as const)
          : ({ exists: false } as const);
      return { granted, look: { kind: "seen", value: { observed, fields: [] } } as const };
    }),
  );
  if (seen.length === 0) return [];
  const serviceAccount = { kind: "skipped", needs: "serviceaccount" } as const;
  const judged = judgeBinding({ binding, trust, roles: seen, serviceAccount, now }, "trust");
  return judged.filter(({ outcome }) => outcome !== "ok").map((one) => `${nameOf(binding)}: ${one.seen}`);
}

interface Existing {
  readonly account: BoundAccount;
  readonly roles: readonly GrantedRole[];
  readonly now: number;
  readonly signal: AbortSignal;
}

/** Everything of one trust in one account. */
async function planAccount(
  trust: Trust,
  account: BoundAccount,
  asked: { readonly granted: ReadonlyMap<Binding, readonly GrantedRole[]>; readonly upsertOnly: boolean },
  { now, signal }: { readonly now: number; readonly signal: AbortSignal },
): Promise<Gathered> {
  const gathered: Gathered = { changes: [], refusals: [], warnings: [] };
  const left = new Map(await standing(trust, account, signal));
  const plan = async (
    whose: Pick<Binding, "namespace" | "name">,
    granted: readonly GrantedRole[],
  ): Promise<void> => {
    const managed = granted.filter((one) => one.managed !== undefined);
    const roles = managed.map((one) => roleConfigOf(whose, one));
    const names = new Set(roles.map(({ name }) => name));
    const gone = asked.upsertOnly ? [] : (left.get(nameOf(whose)) ?? []).filter((name) => !names.has(name));
    const adopt = new Set(managed.filter((one) => one.adopt).map((one) => roleConfigOf(whose, one).name));
    const { plan: made } = await account.plan(
      { mark: bindingMark(trust, whose), roles, adopt, gone },
      signal,
    );
    gathered.changes.push(...made.changes);
    gathered.refusals.push(...made.refusals);
    gathered.warnings.push(...adoptionTexts(made).map((text) => `${nameOf(whose)}: ${text}`));
    left.delete(nameOf(whose));
  };
  for (const [binding, all] of asked.granted) {
    const roles = all.filter((one) => one.account.id === account.account.account);
    await plan(binding, roles);
    gathered.warnings.push(...(await existingWarnings(trust, binding, { account, roles, now, signal })));
  }
  for (const whose of asked.upsertOnly ? [] : [...left.keys()]) {
    const [namespace = "", name = ""] = whose.split("/");
    await plan({ namespace, name }, []);
  }
  return gathered;
}

async function planTrust(
  trust: Trust,
  { bindings, upsertOnly }: BindingSet,
  aws: BoundAccounts,
  at: { readonly now: number; readonly signal: AbortSignal },
): Promise<StackPlan> {
  const refusals: PodtrustError[] = [];
  const granted = new Map<Binding, readonly GrantedRole[]>();
  for (const binding of bindings.filter((one) => one.trust === trust.name)) {
    const decision = decide(binding, trust);
    if (decision.kind === "granted") granted.set(binding, decision.roles);
    else refusals.push(...decision.refusals.map((one) => refusedError(binding, one)));
  }
  const accounts = trust.accounts.map((account) => aws.of(trust, account));
  // What a refused binding has is no surplus: nothing is deleted while its file stands.
  const keep = upsertOnly || refusals.length > 0;
  const places: PartTarget[] = [];
  const all: Gathered[] = [];
  for (const account of accounts) {
    places.push(await account.place(at.signal));
    all.push(await planAccount(trust, account, { granted, upsertOnly: keep }, at));
  }
  const empty = await planOf({ desired: [] }, at.signal);
  const config = {
    file: `AWSTrust ${trust.name}`,
    stack: trust.stack,
    issuer: trust.issuer,
    ...noParties,
    aws: trust.accounts.map((account) => awsConfigOf(trust, account)),
    warnings: [],
  };
  return {
    config,
    spec: {},
    places,
    plan: {
      ...empty,
      changes: all.flatMap(({ changes }) => changes),
      refusals: [...refusals, ...all.flatMap((one) => one.refusals)],
    },
    warnings: all.flatMap(({ warnings }) => warnings),
    costs: [],
  };
}

/**
 * What the operator would do in AWS if the cluster held just these objects, a plan for each trust; changes nothing and asks
 * no cluster. Throws `binding-refused` for a binding whose trust is not among them, and `aws-*`.
 */
export async function planBindings(
  set: BindingSet,
  aws: BoundAccounts,
  at: { readonly now: number; readonly signal: AbortSignal },
): Promise<readonly StackPlan[]> {
  const orphan = set.bindings.find(({ trust }) => !set.trusts.some(({ name }) => name === trust));
  if (orphan !== undefined) {
    const message = `there is no AWSTrust ${orphan.trust} among the files`;
    throw refusedError(orphan, { reason: "TrustMissing", message });
  }
  const plans: StackPlan[] = [];
  for (const trust of set.trusts) plans.push(await planTrust(trust, set, aws, at));
  return plans;
}
