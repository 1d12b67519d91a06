import { asPodtrustError, defined, PodtrustError, isoSeconds } from "../../core/base/index.ts";
import {
  type Binding,
  bindingMark,
  conditionOf,
  type ConditionContent,
  type GrantedRole,
  scopesOf,
  type Trust,
  type TrustAccount,
} from "../../rules/bindings/index.ts";
import { readArn } from "../../rules/oidc/index.ts";
import { type BoundAccount, roleConfigOf } from "./account/index.ts";
import type { ResourceDrift } from "../../stack/parts/index.ts";
import { type RoleState, trustedPrincipals } from "../../providers/aws/index.ts";
import { type LookResult, finding, type Finding } from "../../stack/index.ts";
import { foundOf, possibleRoles, writeStatus } from "./status.ts";
import { judgeBinding, planFinding, type ObservedRole, pending, providerFinding } from "./prove.ts";
import type { BindingOutcome, Pass, BindingStatus, RoleStatus } from "./pass.ts";
import type { Change, Observed, Plan } from "../../rules/plan/index.ts";

/** A binding and what it was granted. */
interface GrantedBinding {
  readonly binding: Binding;
  readonly trust: Trust;
  readonly roles: readonly GrantedRole[];
  /** That they are granted, and by which grants. */
  readonly granted: ConditionContent;
  /** The grants that its roles have, by the roles' names. */
  readonly standing: ReadonlyMap<string, string>;
}

/** The binding's roles at AWS after its pass there. */
interface Synced {
  readonly finding: Finding;
  readonly roles: readonly ObservedRole[];
  /** Roles that the binding no longer wants and that still exist. */
  readonly left: readonly RoleStatus[];
  readonly changes: BindingOutcome["changes"];
  /** The status as written before roles were made, if it had no conditions. */
  readonly announced: BindingStatus | undefined;
  /** That they are granted, and what was reported of adopted roles. */
  readonly granted: ConditionContent;
}

/** Roles that the binding had and no longer wants. */
function surplus({ status }: Pass, { roles }: GrantedBinding): readonly RoleStatus[] {
  const desired = new Set(roles.map(({ arn }) => arn));
  return possibleRoles(status).filter(({ arn, managed }) => managed && !desired.has(arn));
}

/** A status as written before roles are made; `isNew`: it had no conditions. */
interface Announced {
  readonly status: BindingStatus;
  readonly isNew: boolean;
}

/**
 * Records in the status which roles are about to be made: a binding that is deleted or changed while its pass is cut
 * off is still known to have them. For a new binding it also writes the conditions that hold until STS knows the roles,
 * because status writes are a binding's most expensive calls to an API server.
 */
async function announce(pass: Pass, desired: GrantedBinding): Promise<Announced> {
  const { clients, facts, clock, status, signal } = pass;
  const known = new Set(possibleRoles(status).map(({ arn }) => arn));
  const added = desired.roles.filter(({ arn, managed }) => managed !== undefined && !known.has(arn));
  if (added.length === 0) return { status, isNew: false };
  const pendingRoles = [
    ...(status.pendingRoles ?? []),
    ...added.map(({ profile, arn }): RoleStatus => ({ profile, arn, managed: true })),
  ];
  const generation = facts.object.metadata.generation ?? 0;
  const [now, isNew] = [clock.now(), status.conditions.length === 0];
  const conditions = isNew
    ? [desired.granted, foundOf("Ready", pending)].map((one) => conditionOf(one, [], { now, generation }))
    : status.conditions;
  // The cut of this pass is complete: the next one need not look at the account anew for its own.
  const judged = { observedGeneration: generation, ...defined({ observedTrust: pass.cutBy }) };
  const first = isNew ? { ...judged, changedAt: isoSeconds(now) } : {};
  const announced = { ...status, ...first, conditions, pendingRoles };
  await writeStatus(clients.cluster, facts.object, announced, signal);
  return { status: announced, isNew };
}

/**
 * The pass without what its status announced, the binding no longer wants, and no account has: edits of a binding whose
 * roles are refused would fill the status with names. Throws `aws-*` where an account cannot be read.
 */
async function withoutAbsent(pass: Pass, { trust, roles }: GrantedBinding): Promise<Pass> {
  const { clients, signal, status } = pass;
  const wanted = new Set(roles.map(({ arn }) => arn));
  const isThere = async ({ arn }: RoleStatus): Promise<boolean> => {
    const { account: id, name } = readArn(arn);
    if (trust.gone.includes(id)) return false;
    const account = scopesOf(trust).find((one) => one.id === id);
    if (wanted.has(arn) || account === undefined) return true;
    return (await clients.aws.of(trust, account).role(name, signal)) !== undefined;
  };
  const { pendingRoles = [], ...rest } = status;
  const there = await Promise.all(pendingRoles.map(isThere));
  const left = pendingRoles.filter((_, index) => there[index]);
  return { ...pass, status: left.length === 0 ? rest : { ...rest, pendingRoles: left } };
}

/** One account's part of a pass. */
class AccountPass {
  readonly changes: BindingOutcome["changes"][number][] = [];
  readonly findings: Finding[] = [];
  /** ARNs of roles that were deleted. */
  readonly gone: string[] = [];
  readonly #account: BoundAccount;
  readonly #pass: Pass;
  readonly #desired: GrantedBinding;
  readonly #mark: string;
  readonly #notice: AdoptionNotice;

  constructor(pass: Pass, desired: GrantedBinding, account: BoundAccount, notice: AdoptionNotice) {
    this.#notice = notice;
    this.#pass = pass;
    this.#desired = desired;
    this.#account = account;
    this.#mark = bindingMark(desired.trust, desired.binding);
  }

  get #from(): string {
    return `IAM of account ${this.#account.account.account}`;
  }

  /** Brings the managed roles of this account to their desired state. */
  async make(granted: readonly GrantedRole[], gone: readonly RoleStatus[]): Promise<void> {
    const { signal } = this.#pass;
    const managed = granted.filter((one) => one.managed !== undefined);
    const roles = managed.map((one) => roleConfigOf(this.#desired.binding, one));
    const adopt = new Set(managed.filter((one) => one.adopt).map(({ arn }) => readArn(arn).name));
    const { standing } = this.#desired;
    const crossing = managed.filter(({ arn, grant }) => (standing.get(readArn(arn).name) ?? grant) !== grant);
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
      await this.#notice.say(bound.plan);
      this.#pass.clients.assertHeld?.();
      const { done, failed, unconfirmed } = await this.#account.apply(bound, signal);
      this.changes.push(...done);
      for (const { error } of [...failed, ...unconfirmed]) this.findings.push(planFinding(error, this.#from));
      if (failed.length > 0) return;
    }
    this.gone.push(...gone.map(({ arn }) => arn));
  }

  async #look(granted: GrantedRole): Promise<ResourceDrift<RoleState>> {
    const role = roleConfigOf(this.#desired.binding, granted);
    const { signal } = this.#pass;
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
      this.#pass.signal.throwIfAborted();
      look = { kind: "failed", error: asPodtrustError(error) };
    }
    return { granted, look };
  }
}

interface OfAccount {
  readonly account: TrustAccount;
  /** Roles that the binding no longer wants there. */
  readonly gone: readonly RoleStatus[];
  readonly notice: AdoptionNotice;
}

async function accountPass(
  pass: Pass,
  desired: GrantedBinding,
  { account, gone, notice }: OfAccount,
): Promise<{ readonly work: AccountPass; readonly roles: readonly ObservedRole[] }> {
  const bound = pass.clients.aws.of(desired.trust, account);
  const work = new AccountPass(pass, desired, bound, notice);
  const granted = desired.roles.filter((one) => one.account.id === account.id);
  try {
    // Where it only loses roles, nothing has to be trusted any more.
    const missing = granted.length === 0 ? undefined : await providerFinding(bound, pass.signal);
    if (missing !== undefined) work.findings.push(missing);
    await work.make(granted, gone);
  } catch (error) {
    pass.signal.throwIfAborted();
    if (!(error instanceof PodtrustError)) throw error;
    work.findings.push(planFinding(error, `AWS account ${account.id}`));
    // If the account could not be read, its roles are not tried one by one.
    return { work, roles: granted.map((one) => ({ granted: one, look: { kind: "failed", error } })) };
  }
  return { work, roles: await Promise.all(granted.map((one) => work.seen(one))) };
}

/** Brings the roles of a binding at AWS to their desired state, and reports the result. */
export async function synced(given: Pass, desired: GrantedBinding): Promise<Synced> {
  const { clock } = given;
  const pass = await withoutAbsent(given, desired);
  const announced = await announce(pass, desired);
  const notice = new AdoptionNotice(pass, desired.granted, announced.status);
  const left = surplus(pass, desired);
  const needed = scopesOf(desired.trust).filter(
    ({ id }) =>
      desired.roles.some(({ account }) => account.id === id) ||
      left.some(({ arn }) => readArn(arn).account === id),
  );
  const passes = await Promise.all(
    needed.map((account) =>
      accountPass(pass, desired, {
        account,
        gone: left.filter(({ arn }) => readArn(arn).account === account.id),
        notice,
      }),
    ),
  );
  const roles = passes.flatMap((one) => one.roles);
  const none = { kind: "skipped", needs: "serviceaccount" } as const;
  const seen = {
    binding: desired.binding,
    trust: desired.trust,
    roles,
    serviceAccount: none,
    now: clock.now(),
  };
  const judged = judgeBinding(seen, "trust");
  const findings = [...passes.flatMap(({ work }) => work.findings), ...judged];
  const gone = new Set(passes.flatMap(({ work }) => work.gone));
  const wrong = findings.find(({ outcome }) => outcome !== "ok") ?? findings[0];
  return {
    finding: wrong ?? finding("LookFailed", { seen: "no role was seen", from: "AWS" }),
    roles,
    left: left.filter(({ arn }) => !gone.has(arn) && !desired.trust.gone.includes(readArn(arn).account)),
    changes: passes.flatMap(({ work }) => work.changes),
    announced: announced.isNew ? announced.status : undefined,
    granted: notice.granted,
  };
}

/** Roles after a pass: those it did not see are as before, and those never seen may still exist. */
export function rolesAfter(
  { roles: before }: Pass["status"],
  seen: readonly ObservedRole[],
  left: readonly RoleStatus[],
): { readonly roles: readonly RoleStatus[]; readonly pendingRoles: readonly RoleStatus[] } {
  const [roles, pendingRoles]: [RoleStatus[], RoleStatus[]] = [[], []];
  const stood = (arn: string): RoleStatus | undefined => before.find((one) => one.arn === arn);
  for (const { granted, look } of seen) {
    const { profile, arn } = granted;
    const role = { profile, arn, managed: granted.managed !== undefined };
    const id = look.kind === "seen" ? idOf(look.value.observed) : stood(arn)?.id;
    if (id !== undefined) roles.push({ ...role, id });
    else if (role.managed) pendingRoles.push(role);
  }
  for (const role of left) (stood(role.arn) === undefined ? pendingRoles : roles).push(role);
  return { roles, pendingRoles };
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

/** Reports in a binding's status what happens to adopted roles, before any of them is changed. */
class AdoptionNotice {
  readonly #pass: Pass;
  readonly #granted: ConditionContent;
  readonly #status: BindingStatus;
  readonly #texts: string[] = [];

  /** `status`: as last written. */
  constructor(pass: Pass, granted: ConditionContent, status: BindingStatus) {
    this.#pass = pass;
    this.#granted = granted;
    this.#status = status;
  }

  /** That the binding is granted, and what was reported. */
  get granted(): ConditionContent {
    return { ...this.#granted, message: [this.#granted.message, ...this.#texts].join("; ") };
  }

  /** Throws if the status cannot be written. */
  async say(plan: Pick<Plan, "changes">): Promise<void> {
    const texts = adoptionTexts(plan);
    if (texts.length === 0) return;
    this.#texts.push(...texts);
    const { facts, clients, clock, signal } = this.#pass;
    const at = { now: clock.now(), generation: facts.object.metadata.generation ?? 0 };
    const granted = conditionOf(this.granted, this.#status.conditions, at);
    const others = this.#status.conditions.filter(({ type }) => type !== granted.type);
    const status = { ...this.#status, conditions: [granted, ...others] };
    await writeStatus(clients.cluster, facts.object, status, signal);
  }
}
