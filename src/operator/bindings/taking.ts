import { defined, mapLimit, PodtrustError, recordOf, recordsOf, TimeLimit } from "../../core/base/index.ts";
import type { RoleState } from "../../providers/aws/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import {
  allowedOf,
  bindingMark,
  mayRetain,
  type NamespacedName,
  scopesOf,
  type Trust,
  type TrustAccount,
} from "../../rules/bindings/index.ts";
import { readArn } from "../../rules/oidc/index.ts";
import type { BoundAccount } from "./account/account.ts";
import type { Cut, CutLimits, Removed, Staying, Taken, TakingParts, Writing } from "./engine/row.ts";
import { maxTry, maxWait } from "./last-pass.ts";
import { isAws } from "./prove.ts";
import type { RoleTypes } from "./role-rights.ts";
import { roleKey, type RoleStatus } from "./role-status.ts";

/** Maximum age of a look at an account, in milliseconds, if trust or binding have changed since the last pass. */
const fresh = 2000;
/** The last try takes the rest of the time, but no less than this, in milliseconds. */
const shortestTry = 5000;

const nameOf = ({ arn }: Pick<RoleStatus, "arn">): string => readArn(arn).name;

/** Why a role stays when its binding is deleted. */
const retainedText = "stays, as onDelete says, and no longer lets its ServiceAccount in";

/** Accounts with the calls that take alone: what makes is not handed over. */
export interface TakingAccounts {
  of(trust: Trust, account: TrustAccount): Pick<BoundAccount, "cut" | "remove" | "role" | "showed">;
}

/** What came of the end of a binding in one account. */
interface Ended {
  readonly changes: Removed<RoleStatus>["changes"];
  readonly failures: readonly PodtrustError[];
}

/** Takes from roles with a binding's mark what they may not have. */
export class TakingRoles implements TakingParts<RoleTypes> {
  readonly #aws: TakingAccounts;
  readonly #trust: Trust;
  readonly #object: KubernetesObject;
  readonly #grants: Map<string, string>;

  /** `grants`: is given the grant that each role has after the cut, by `roleKey`. */
  constructor(aws: TakingAccounts, trust: Trust, object: KubernetesObject, grants: Map<string, string>) {
    this.#aws = aws;
    this.#trust = trust;
    this.#object = object;
    this.#grants = grants;
  }

  get #whose(): NamespacedName {
    const { namespace = "", name } = this.#object.metadata;
    return { namespace, name };
  }

  get #mark(): string {
    return bindingMark(this.#trust, this.#whose);
  }

  /**
   * Rights under the grant that allows most of a role stay untouched; if no grant is left, the role is closed, and keeps
   * its id. Roles with the binding's mark are cut whether the binding names them or not.
   */
  async cut(
    { trust, granted = [], since }: CutLimits<RoleTypes>,
    rights: readonly RoleStatus[],
    { assertHeld, signal }: Writing,
  ): Promise<Pick<Cut<RoleStatus>, "changes" | "failures">> {
    const changes: Cut<RoleStatus>["changes"][number][] = [];
    const failures: PodtrustError[] = [];
    const preferred = new Map(
      granted.flatMap((one) => (one.managed ? [[roleKey(one), one.grant] as const] : [])),
    );
    const own = [...rights.filter(({ managed }) => managed), ...granted.filter((one) => one.managed)];
    const showed = (account: TrustAccount): boolean | undefined =>
      this.#aws.of(trust, account).showed(this.#mark);
    const isOwn = (account: TrustAccount): boolean =>
      own.some(({ arn }) => readArn(arn).account === account.id) || showed(account) === true;
    // Without a look so far, a binding that is granted nothing looks for what an earlier one of its name has left.
    const concerned = scopesOf(trust).filter(
      (account) => isOwn(account) || (granted.length === 0 && showed(account) === undefined),
    );
    await mapLimit(concerned, async (account) => {
      const names = own.filter(({ arn }) => readArn(arn).account === account.id).map(nameOf);
      const allowed = (role: RoleState) => {
        const one = allowedOf(role, this.#whose, trust, preferred.get(roleKey(role)));
        if (one !== undefined) this.#grants.set(roleKey(role), one.grant);
        return one;
      };
      const oldest = since === "changed" ? { oldest: fresh } : {};
      const spec = { mark: this.#mark, names, ...oldest, allowed, assertHeld };
      try {
        const cut = await this.#aws.of(trust, account).cut(spec, signal);
        changes.push(...cut.done.map((fields) => ({ kind: "update", fields }) as const));
        failures.push(...cut.failed);
      } catch (error) {
        signal.throwIfAborted();
        if (!isAws(error)) throw error;
        // An account that cannot be reached does not matter to a binding that has no known role there.
        if (isOwn(account)) failures.push(error);
      }
    });
    const other = failures.find(({ code }) => !code.startsWith("aws-"));
    if (other !== undefined) throw other;
    return { changes, failures };
  }

  /**
   * The plan that makes the others deletes it. What was only announced, and no account has, is forgotten: edits of a
   * binding whose roles are refused would fill the status with names.
   */
  async drop(right: RoleStatus, { signal }: Writing): Promise<Taken<RoleStatus>> {
    const nothing = { changes: [], wait: 0 };
    const { account: id, name } = readArn(right.arn);
    const account = scopesOf(this.#trust).find((one) => one.id === id);
    if (!right.managed) return nothing;
    if (!right.isPending || account === undefined) return { ...nothing, left: right };
    const role = await this.#aws.of(this.#trust, account).role(name, signal);
    return role === undefined ? nothing : { ...nothing, left: right };
  }

  /**
   * The binding's roles that stay when it is deleted: read from the raw spec, since an otherwise invalid binding must not
   * lose a role, and only if a grant allows it.
   */
  #retained(roles: readonly RoleStatus[]): readonly RoleStatus[] {
    const asked = recordsOf(recordOf(this.#object["spec"])["roles"])
      .filter(({ managed }) => recordOf(managed)["onDelete"] === "Retain")
      .map(({ profile }) => profile);
    return roles.filter(
      ({ profile, arn }) =>
        asked.includes(profile) && mayRetain(this.#whose, this.#trust, readArn(arn).account),
    );
  }

  async #endIn(
    account: TrustAccount,
    roles: readonly RoleStatus[],
    { assertHeld, clock, deletedFor, signal }: Writing & { readonly deletedFor: number },
  ): Promise<Ended> {
    const ms = Math.max(shortestTry, Math.min(maxTry, maxWait - deletedFor));
    const limit = new TimeLimit(clock, { ms, signal });
    const late = `AWS account ${account.id} gave no good answer within ${ms / 1000} s`;
    const told = (error: PodtrustError): PodtrustError =>
      limit.isLate ? new PodtrustError("aws-unreachable", late) : error;
    try {
      const bound = this.#aws.of(this.#trust, account);
      assertHeld();
      const [mark, names] = [this.#mark, this.#retained(roles).map(nameOf)];
      const allowed = (role: RoleState) => allowedOf(role, this.#whose, this.#trust);
      const stays = { mark, names, retain: true, allowed, assertHeld };
      const cut = names.length === 0 ? { done: [], failed: [] } : await bound.cut(stays, limit.signal);
      signal.throwIfAborted();
      assertHeld();
      const going = roles.map(nameOf).filter((name) => !names.includes(name));
      const removed = going.length === 0 ? undefined : await bound.remove(mark, going, limit.signal);
      signal.throwIfAborted();
      const failures = [...cut.failed, ...(removed?.failed ?? []).map(({ error }) => error)];
      const changed = cut.done.map((fields) => ({ kind: "update", fields }) as const);
      return { failures: failures.map(told), changes: [...changed, ...(removed?.done ?? [])] };
    } catch (error) {
      signal.throwIfAborted();
      if (!limit.isLate && !(error instanceof PodtrustError)) throw error;
      return { failures: [told(error as PodtrustError)], changes: [] };
    } finally {
      await limit.end();
    }
  }

  /** Deletes the binding's roles, all at once in each account. */
  async end(
    rights: readonly RoleStatus[],
    writing: Writing & { readonly deletedFor: number },
  ): Promise<Removed<RoleStatus>> {
    const inAccount = Map.groupBy(rights, ({ arn }) => readArn(arn).account);
    const accounts = new Map(scopesOf(this.#trust).map((one) => [one.id, one]));
    const [changes, left]: [Ended["changes"][number][], Staying<RoleStatus>[]] = [[], []];
    const failures: PodtrustError[] = [];
    await mapLimit([...inAccount], async ([id, roles]) => {
      const account = accounts.get(id);
      if (account === undefined) {
        const why = "no AWSTrust says how to reach the account";
        left.push(...roles.map((right) => ({ right, why })));
        return;
      }
      const done = await this.#endIn(account, roles, writing);
      changes.push(...done.changes);
      failures.push(...done.failures);
      const [failure] = done.failures;
      if (failure !== undefined) left.push(...roles.map((right) => ({ right, why: failure.message })));
      else left.push(...this.#retained(roles).map((right) => ({ right, why: retainedText, event })));
    });
    const [failure] = failures;
    return { left, closed: [], changes, wait: 0, ...defined({ failure }) };
  }
}

/** That a role stays because its binding says so. */
const event = { type: "Normal", reason: "RoleRetained" } as const;
