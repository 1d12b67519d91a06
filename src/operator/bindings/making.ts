import { asPodtrustError, mapLimit, PodtrustError } from "../../core/base/index.ts";
import { type RoleState, trustedPrincipals } from "../../providers/aws/index.ts";
import { bindingMark, type GrantedRole, scopesOf, type TrustAccount } from "../../rules/bindings/index.ts";
import { readArn } from "../../rules/oidc/index.ts";
import type { Change, Observed, Plan } from "../../rules/plan/index.ts";
import { finding, type Finding, type LookResult } from "../../stack/index.ts";
import type { ResourceDrift } from "../../stack/parts/index.ts";
import type { BoundAccount, BoundAccounts } from "./account/account.ts";
import { roleConfigOf } from "./account/roles.ts";
import type { Bound, Had, Made, Making, Widening } from "./engine/row.ts";
import type { BindingOutcome } from "./pass.ts";
import { judgeBinding, planFinding, providerFinding } from "./prove.ts";
import type { ObservedRole, RoleTypes } from "./role-rights.ts";
import { roleKey, type RoleStatus } from "./role-status.ts";

/** A binding, and how its roles are made. */
interface Syncing {
  readonly bound: Bound<RoleTypes>;
  readonly writing: Widening;
  /** The grants that its roles have after the cut, by `roleKey`. */
  readonly standing: ReadonlyMap<string, string>;
}

/** One account's part of a pass. */
class AccountPass {
  readonly changes: BindingOutcome["changes"][number][] = [];
  readonly findings: Finding[] = [];
  /** ARNs of roles that were deleted. */
  readonly gone: string[] = [];
  readonly #account: BoundAccount;
  readonly #syncing: Syncing;
  readonly #mark: string;

  constructor(syncing: Syncing, account: BoundAccount) {
    this.#syncing = syncing;
    this.#account = account;
    this.#mark = bindingMark(syncing.bound.trust, syncing.bound.binding);
  }

  get #from(): string {
    return `IAM of account ${this.#account.account.account}`;
  }

  /** Brings the managed roles of this account to their desired state. */
  async make(granted: readonly GrantedRole[], gone: readonly RoleStatus[]): Promise<void> {
    const { bound: of, standing, writing } = this.#syncing;
    const { signal } = writing;
    const managed = granted.filter((one) => one.managed !== undefined);
    const roles = managed.map((one) => roleConfigOf(of.binding, one));
    const adopt = new Set(managed.filter((one) => one.adopt).map(({ arn }) => readArn(arn).name));
    const crossing = managed.filter((one) => (standing.get(roleKey(one)) ?? one.grant) !== one.grant);
    const spec = {
      mark: this.#mark,
      roles,
      adopt,
      crosses: new Set(crossing.map(({ arn }) => readArn(arn).name)),
      gone: gone.map(({ arn }) => readArn(arn).name),
    };
    const bound = await this.#account.plan(spec, signal);
    const { refusals, changes } = bound.plan;
    this.findings.push(...refusals.map((error) => planFinding(error, this.#from)));
    if (refusals.length > 0) return;
    if (changes.some(({ kind }) => kind !== "none")) {
      await writing.tell(adoptionTexts(bound.plan));
      writing.assertHeld();
      const { done, failed, unconfirmed } = await this.#account.apply(bound, signal);
      this.changes.push(...done);
      for (const { error } of [...failed, ...unconfirmed]) this.findings.push(planFinding(error, this.#from));
      if (failed.length > 0) return;
    }
    this.gone.push(...gone.map(({ arn }) => arn));
  }

  async #look(granted: GrantedRole): Promise<ResourceDrift<RoleState>> {
    const role = roleConfigOf(this.#syncing.bound.binding, granted);
    const { signal } = this.#syncing.writing;
    if (granted.managed !== undefined) return this.#account.look(this.#mark, role, signal);
    const state = await this.#account.role(role.name, signal);
    // Another owner's role: what matters is who may assume it, and that it is this very role.
    const observed =
      state === undefined || state.arn !== granted.arn
        ? ({ exists: false } as const)
        : ({ exists: true, state, owner: { kind: "ours" } } as const);
    return { observed, fields: [] };
  }

  /** A role after the pass. */
  async seen(granted: GrantedRole): Promise<ObservedRole> {
    let look: LookResult<ResourceDrift<RoleState>>;
    try {
      look = { kind: "seen", value: await this.#look(granted) };
    } catch (error) {
      this.#syncing.writing.signal.throwIfAborted();
      look = { kind: "failed", error: asPodtrustError(error) };
    }
    return { granted, look };
  }
}

interface OfAccount {
  readonly account: TrustAccount;
  /** Roles that the binding no longer wants there. */
  readonly gone: readonly RoleStatus[];
}

/** Those of one account. */
const rolesIn = (roles: readonly RoleStatus[], id: string): readonly RoleStatus[] =>
  roles.filter(({ arn }) => readArn(arn).account === id);

/** Brings the roles of bindings at AWS to their desired state. */
export class MakingRoles implements Making<RoleTypes> {
  readonly #aws: BoundAccounts;
  readonly #standing: ReadonlyMap<string, string>;

  /** `standing`: the grant that each role has after the cut, by `roleKey`. */
  constructor(aws: BoundAccounts, standing: ReadonlyMap<string, string>) {
    this.#aws = aws;
    this.#standing = standing;
  }

  /** Nothing bars all: what an account lacks is found with its roles. */
  bars(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async #inAccount(
    syncing: Syncing,
    { account, gone }: OfAccount,
  ): Promise<{ readonly work: AccountPass; readonly roles: readonly ObservedRole[] }> {
    const { trust, granted: all } = syncing.bound;
    const { signal } = syncing.writing;
    const bound = this.#aws.of(trust, account);
    const work = new AccountPass(syncing, bound);
    const granted = all.filter((one) => one.account.id === account.id);
    try {
      // Where it only loses roles, nothing has to be trusted any more.
      const missing = granted.length === 0 ? undefined : await providerFinding(bound, signal);
      if (missing !== undefined) work.findings.push(missing);
      await work.make(granted, gone);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PodtrustError)) throw error;
      work.findings.push(planFinding(error, `AWS account ${account.id}`));
      // If the account could not be read, its roles are not tried one by one.
      return { work, roles: granted.map((one) => ({ granted: one, look: { kind: "failed", error } })) };
    }
    return { work, roles: await Promise.all(granted.map((one) => work.seen(one))) };
  }

  async make(bound: Bound<RoleTypes>, had: Had<RoleTypes>, writing: Widening): Promise<Made<RoleTypes>> {
    const { trust, binding, granted } = bound;
    const { left } = had;
    const needed = scopesOf(trust).filter(
      ({ id }) => granted.some(({ account }) => account.id === id) || rolesIn(left, id).length > 0,
    );
    const syncing = { bound, writing, standing: this.#standing };
    // No account is still written to when this ends, also where another's throws.
    const passes = await mapLimit(needed, (account) =>
      this.#inAccount(syncing, { account, gone: rolesIn(left, account.id) }),
    );
    const seen = passes.flatMap((one) => one.roles);
    const serviceAccount = { kind: "skipped", needs: "serviceaccount" } as const;
    const judged = judgeBinding(
      { binding, trust, roles: seen, serviceAccount, now: writing.clock.now() },
      "trust",
    );
    const findings = [...passes.flatMap(({ work }) => work.findings), ...judged];
    const wrong = findings.find(({ outcome }) => outcome !== "ok") ?? findings[0];
    const gone = new Set(passes.flatMap(({ work }) => work.gone));
    return {
      finding: wrong ?? finding("LookFailed", { seen: "no role was seen", from: "AWS" }),
      rights: rolesAfter(had.rights, seen),
      left: left.filter(({ arn }) => !gone.has(arn)),
      seen,
      changes: passes.flatMap(({ work }) => work.changes),
      wait: 0,
    };
  }
}

/** Roles after a pass: those it did not see are as before, and those never seen may still exist. */
function rolesAfter(had: readonly RoleStatus[], seen: readonly ObservedRole[]): readonly RoleStatus[] {
  return seen.flatMap(({ granted, look }): readonly RoleStatus[] => {
    const { profile, arn } = granted;
    const role = { profile, arn, managed: granted.managed !== undefined };
    const stood = had.find((one) => one.arn === arn && !one.isPending);
    const id = look.kind === "seen" ? idOf(look.value.observed) : stood?.id;
    if (id !== undefined) return [{ ...role, id, isPending: false }];
    return role.managed ? [{ ...role, isPending: true }] : [];
  });
}

/** The id of an existing role of the binding; a role of another owner is not the one that was to be made. */
const idOf = (observed: Observed<RoleState>): string | undefined =>
  observed.exists && observed.owner.kind === "ours" ? observed.state.id : undefined;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Policies that a role has and should not have. */
function lost({ fields }: Pick<Change, "fields">): readonly string[] {
  return fields.flatMap(({ field, before, after }) => {
    if (field === "policies")
      return listOf(before)
        .filter((one) => !listOf(after).includes(one))
        .map(String);
    return field.startsWith("inline.") && after === undefined ? [field] : [];
  });
}

/** For each role that a plan adopts: who may assume it now, and which policies it loses. */
export function adoptionTexts({ changes }: Pick<Plan, "changes">): readonly string[] {
  return changes.flatMap((change) => {
    const { kind, resource, observed } = change;
    if (resource.kind !== "role" || kind !== "update") return [];
    if (!observed.exists || observed.owner.kind !== "untagged") return [];
    // What a plan has seen of a role; a plan has resources of any kind.
    const { trustPolicy } = observed.state as RoleState;
    const now =
      trustedPrincipals(trustPolicy)?.join(", ") ??
      "unknown principals, since its trust policy cannot be read";
    const gone = lost(change).join(", ");
    return [
      `${resource.id} is taken over: until now it may be assumed by ${now === "" ? "nobody" : now}, and it loses ${gone === "" ? "no policy" : gone}`,
    ];
  });
}
