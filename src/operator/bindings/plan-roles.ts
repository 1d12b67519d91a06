import type { Clock } from "../../core/base/index.ts";
import { type Binding, bindingMark, type GrantedRole, type Trust } from "../../rules/bindings/index.ts";
import { type BoundAccount, BoundAccounts } from "./account/account.ts";
import { roleConfigOf } from "./account/roles.ts";
import type { PartTarget } from "../../stack/parts/index.ts";
import { adoptionTexts } from "./making.ts";
import { boundRoles } from "./earlier-roles.ts";
import {
  type TrustDecisions,
  type FilePlanner,
  filePlanner,
  type FilePlans,
  GatheredPlan,
  nameOf,
  type PlanTime,
} from "./plan-files.ts";
import { judgeBinding } from "./prove.ts";
import { roleRules } from "./role-rights.ts";

/** Names of marked roles of an account, by their binding. */
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

/** Whether roles of other owners that a binding names let it in. */
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
  { granted: all, keeps }: TrustDecisions<Binding, readonly GrantedRole[]>,
  { now, signal }: PlanTime,
): Promise<GatheredPlan> {
  const gathered = new GatheredPlan();
  const left = new Map(await standing(trust, account, signal));
  const plan = async (
    whose: Pick<Binding, "namespace" | "name">,
    granted: readonly GrantedRole[],
  ): Promise<void> => {
    const managed = granted.filter((one) => one.managed !== undefined);
    const roles = managed.map((one) => roleConfigOf(whose, one));
    const names = new Set(roles.map(({ name }) => name));
    const gone = keeps ? [] : (left.get(nameOf(whose)) ?? []).filter((name) => !names.has(name));
    const adopt = new Set(managed.filter((one) => one.adopt).map((one) => roleConfigOf(whose, one).name));
    const { plan: made } = await account.plan(
      { mark: bindingMark(trust, whose), roles, adopt, gone },
      signal,
    );
    gathered.take(made);
    gathered.warnings.push(...adoptionTexts(made).map((text) => `${nameOf(whose)}: ${text}`));
    left.delete(nameOf(whose));
  };
  for (const [binding, granted] of all) {
    const roles = granted.filter((one) => one.account.id === account.account.account);
    await plan(binding, roles);
    gathered.warnings.push(...(await existingWarnings(trust, binding, { account, roles, now, signal })));
  }
  for (const whose of keeps ? [] : [...left.keys()]) {
    const [namespace = "", name = ""] = whose.split("/");
    await plan({ namespace, name }, []);
  }
  return gathered;
}

/** Plans of AWSRoleBinding and AWSTrust. */
export function rolePlans(aws: BoundAccounts): FilePlans<Binding, Trust, readonly GrantedRole[]> {
  return {
    ...roleRules,
    async plan(trust, asked, at) {
      const accounts = trust.accounts.map((account) => aws.of(trust, account));
      const places: PartTarget[] = [];
      const made = new GatheredPlan();
      for (const account of accounts) {
        places.push(await account.place(at.signal));
        const own = await planAccount(trust, account, asked, at);
        made.take(own);
        made.warnings.push(...own.warnings);
      }
      const { changes, refusals, warnings } = made;
      return { places, changes, refusals, warnings };
    },
  };
}

/** Plans files of AWS, with the AWS credentials of the environment. */
export function planningRoles(clock: Clock, notice: (text: string) => void): FilePlanner {
  const aws = new BoundAccounts({ clock, notice });
  return filePlanner(rolePlans(aws), () => aws.close());
}
