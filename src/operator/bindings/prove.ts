import {
  asPodtrustError,
  defined,
  type ErrorCode,
  isoSeconds,
  type PodtrustError,
} from "../../core/base/index.ts";
import type { Reason } from "../../core/reasons/index.ts";
import {
  type Binding,
  type ConditionContent,
  type Trust,
  type GrantedRole,
} from "../../rules/bindings/index.ts";
import { roleConfigOf, awsConfigOf, type BoundAccount } from "./account/index.ts";
import {
  finding,
  type Finding,
  type LookResult,
  type WorkloadFacts,
  awsFinding,
  judgeFacts,
} from "../../stack/index.ts";
import { headOf } from "./cluster-view.ts";
import { isAnnotated, requestedToken, roleAnnotations } from "./service-account.ts";
import {
  ageOf,
  ended,
  foundOf,
  isKept,
  isProofFresh,
  passInterval,
  proofEvery,
  soon,
  versionOf,
} from "./status.ts";
import type { BindingFacts, BindingOutcome, BindingStatus, Pass, RoleStatus } from "./pass.ts";
import { type Config, noParties, type RoleConfig } from "../../config/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { TokenExchange, ResourceDrift } from "../../stack/parts/index.ts";
import type { RoleState } from "../../providers/aws/index.ts";
import { digestOf, namedStack } from "../../rules/plan/index.ts";

/**
 * AWS's STS knew no new role before five seconds, and most after eight: asking sooner wastes a token and two calls;
 * then it is asked every 1.5 seconds.
 */
const settles = { from: 8000, every: 1500 } as const;
// The longest that IAM needs until STS knows of a change (`maxPropagation` of aws/).
const maxSettling = 36_000;

const worst = (findings: readonly Finding[]): Finding | undefined => {
  const order = ["broken", "warning", "unseen", "ok"];
  return [...findings].sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome))[0];
};

/** Asks STS for every role with one token of the ServiceAccount. */
async function exchangedAll(
  pass: Pass,
  { binding, trust, roles }: Bound,
): Promise<readonly ObservedRole[] | Finding> {
  const { clients, signal } = pass;
  const { aws } = clients;
  const [audience = ""] = trust.audiences;
  const asked = await requestedToken(pass, audience);
  if ("reason" in asked) return asked;
  const { token } = asked;
  return Promise.all(
    roles.map(async (one): Promise<ObservedRole> => {
      const account = aws.of(trust, one.granted.account);
      try {
        const value = await account.exchange(roleConfigOf(binding, one.granted), token, signal);
        return { ...one, exchange: { kind: "seen", value } };
      } catch (error) {
        signal.throwIfAborted();
        return { ...one, exchange: { kind: "failed", error: asPodtrustError(error) } };
      }
    }),
  );
}

/** A binding whose roles were read. */
export interface Bound {
  readonly binding: Binding;
  readonly trust: Trust;
  readonly roles: readonly ObservedRole[];
}

const isRefused = ({ exchange }: ObservedRole): boolean =>
  exchange?.kind === "seen" && exchange.value.kind === "refused" && exchange.value.code === "AccessDenied";

/** What STS answers the ServiceAccount; shortly after a change, a refusal means nothing yet. */
async function proved(
  pass: Pass,
  bound: Bound,
  changedAt: string | undefined,
): Promise<{ readonly finding: Finding; readonly isProof: boolean }> {
  const { clients, clock } = pass;
  const asked = await exchangedAll(pass, bound);
  if ("reason" in asked) return { finding: asked, isProof: false };
  const none = { kind: "skipped", needs: "serviceaccount" } as const;
  const seen = { ...bound, roles: asked, serviceAccount: none, now: clock.now() };
  const judged = worst(judgeBinding(seen, "sts"));
  if (asked.some(isRefused) && isYoung(pass, bound, changedAt)) return { finding: settling, isProof: false };
  const result = judged ?? finding("LookFailed", { seen: "nothing was asked", from: clients.cluster.server });
  return { finding: result, isProof: result.reason === "StsAccepted" };
}

/** What a pass changed at AWS, and when the last change was. */
interface Settling {
  readonly changed: boolean;
  readonly changedAt: string | undefined;
}

/** Milliseconds until it is worth asking STS about roles that were just made; 0 if it is. */
function settlingWait({ clients, clock }: Pass, { roles, trust }: Bound): number {
  const made = roles.map(({ granted: { account, managed } }) =>
    managed === undefined ? undefined : clients.aws.of(trust, account).madeAt(managed.name),
  );
  const last = Math.max(...made.map((at) => at ?? Number.NEGATIVE_INFINITY));
  return Math.max(0, last + settles.from - clock.elapsed());
}

/** Whether STS may not know a role yet: it was made, or something of the binding was changed, a moment ago. */
function isYoung(pass: Pass, { roles }: Bound, changedAt: string | undefined): boolean {
  const changes = roles.flatMap(({ look }) =>
    look.kind === "seen" && look.value.observed.exists ? [look.value.observed.state.created] : [],
  );
  return [...changes, Date.parse(changedAt ?? "")].some((at) => ageOf(pass, at) < maxSettling);
}

/** While IAM is making a first role, and until STS knows of it. */
export const pending = finding("RolePending", {
  seen: "IAM is asked to make the role, and STS has not let the ServiceAccount in yet",
  from: "IAM",
});

/** While STS need not know what was changed. */
export const settling = finding("RoleSettling", {
  seen: "the role was made or changed a moment ago, and STS does not know it yet",
  from: "STS",
});

/**
 * Milliseconds until a Ready binding has to be looked at, its last proof being so old: for the next proof. The trust's
 * look at the account shows each minute what others change of roles that podtrust made; of existing ones it keeps
 * nothing.
 */
function untilProof({ roles }: Bound, age: number): number {
  const areKnown = roles.every(({ granted }) => granted.managed !== undefined);
  return areKnown ? Math.max(passInterval, proofEvery - age) : passInterval;
}

/** What `Ready` says: the last proof while it is fresh, else a new one. */
export async function readyFinding(
  pass: Pass,
  bound: Bound,
  settled: Settling,
): Promise<{ readonly found: ConditionContent; readonly isProof: boolean; readonly againIn: number }> {
  const stood = pass.status.conditions.find(({ type }) => type === "Ready");
  if (stood !== undefined && isProofFresh(pass, settled.changed)) {
    const { type, reason, message } = stood;
    const againIn = untilProof(bound, ageOf(pass, Date.parse(pass.status.lastProof ?? "")));
    return { found: { type, reason, message }, isProof: false, againIn };
  }
  const wait = settlingWait(pass, bound);
  if (wait > 0) return { found: foundOf("Ready", settling), isProof: false, againIn: wait };
  const { finding: proof, isProof } = await proved(pass, bound, settled.changedAt);
  const later = isProof ? untilProof(bound, 0) : passInterval;
  const againIn = proof === settling ? settles.every : proof.outcome === "ok" ? later : soon;
  return { found: foundOf("Ready", proof), isProof, againIn };
}

/** What the first pass of a binding has left: its roles are made, and STS is to be asked once it knows them. */
export interface ToProve {
  readonly bound: Bound;
  /** All conditions but `Ready`. */
  readonly found: readonly ConditionContent[];
  readonly roles: readonly RoleStatus[];
  readonly pendingRoles: readonly RoleStatus[];
  /** What that pass judged by, and left in the status. */
  readonly basis: string;
  /** When it was left, by `elapsed`. */
  readonly at: number;
}

/** How a pass at AWS ended. */
export interface RolesOutcome extends BindingOutcome {
  /** What the next pass may leave it at, where nothing has changed until then. */
  readonly toProve?: ToProve;
}

/** So long what was judged counts, in milliseconds: as long as a look at the account does. */
export const longestLeft = 45_000;
/** Binding and trust as they were read, but for what podtrust writes, and the status. */
function basisOf({ object, trust }: BindingFacts, status: BindingStatus): string {
  const trusted = trust && headOf(trust);
  return digestOf(JSON.parse(JSON.stringify([headOf(object), status, trusted])));
}

/** What a first pass leaves, which has announced this status, and made all that `left` names. */
export function leftToProve(
  { facts, clock }: Pass,
  announced: BindingStatus,
  left: Omit<ToProve, "basis" | "at">,
): ToProve {
  return { ...left, basis: basisOf(facts, announced), at: clock.elapsed() };
}

/**
 * Whether a whole pass would judge as the first one did: by this pass's own reading of binding, status, trust,
 * ServiceAccount and room in the grants, and by roles that were made from here and not changed since.
 */
function isStillSo(pass: Pass, { bound, basis, at }: ToProve): boolean {
  const { facts, clients, clock, status } = pass;
  const { binding, trust, roles } = bound;
  if (clock.elapsed() - at >= longestLeft || !isKept(facts.object) || basisOf(facts, status) !== basis)
    return false;
  const beyond = facts.room?.(trust).wantedBeyond;
  const areMade = roles.every(
    ({ granted: { account, managed, grant } }) =>
      managed !== undefined &&
      beyond?.has(grant) !== true &&
      clients.aws.of(trust, account).madeAt(managed.name) !== undefined,
  );
  const granted = roles.map((one) => one.granted);
  const [audience = ""] = trust.audiences;
  return areMade && isAnnotated(pass, roleAnnotations({ binding, roles: granted, audience }));
}

/**
 * The second pass of a binding: asks STS, and writes the status. Undefined where anything is not as the first pass left
 * it: then a whole pass is due.
 */
export async function provedOnly(pass: Pass, left: ToProve): Promise<RolesOutcome | undefined> {
  if (!isStillSo(pass, left)) return undefined;
  const { status, clock, facts } = pass;
  const { bound, found, roles, pendingRoles } = left;
  const ready = await readyFinding(pass, bound, { changed: false, changedAt: status.changedAt });
  const { againIn, isProof } = ready;
  if (ready.found.reason === settling.reason)
    return { conditions: status.conditions, events: [], changes: [], againIn, toProve: left };
  const cutBy = facts.trust && versionOf(facts.trust);
  return ended(cutBy === undefined ? pass : { ...pass, cutBy }, {
    roles,
    pendingRoles,
    found: [...found, ready.found],
    againIn,
    ...(isProof ? { proved: isoSeconds(clock.now()) } : {}),
  });
}

/** What was seen of one role of a binding. */
export interface ObservedRole {
  readonly granted: GrantedRole;
  readonly look: LookResult<ResourceDrift<RoleState>>;
  readonly exchange?: LookResult<TokenExchange>;
}

/** What was seen of a binding. */
export interface ObservedBinding {
  readonly binding: Binding;
  readonly trust: Trust;
  readonly roles: readonly ObservedRole[];
  readonly serviceAccount: LookResult<KubernetesObject | undefined>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const ofPlan: Readonly<Partial<Record<ErrorCode, Reason>>> = {
  "plan-name-taken": "NotOwned",
  "plan-changed": "RoleDrift",
  "aws-role-path": "RolePathDiffers",
  "aws-role-missing": "RoleMissing",
  "aws-trust-not-kept": "TrustPolicyNotKept",
  "aws-policy-missing": "PolicyMissing",
  "aws-quota": "QuotaReached",
};

/** What an error means that occurred while roles were planned or made. */
export function planFinding(error: PodtrustError, from: string): Finding {
  const reason = ofPlan[error.code];
  if (reason === undefined) return awsFinding(error, from);
  return finding(reason, { seen: error.message, from, next: error.next, code: error.code });
}

/** A trust as a config of its own, with the roles of one binding: the form that `status` judges. */
function configOf(trust: Trust, roles: readonly { granted: GrantedRole; role: RoleConfig }[]): Config {
  const accounts = [...new Map(roles.map(({ granted }) => [granted.account.id, granted.account])).values()];
  return {
    file: `AWSTrust ${trust.name}`,
    ...namedStack(trust.stack),
    issuer: trust.issuer,
    warnings: [],
    ...noParties,
    aws: accounts.map((account) =>
      awsConfigOf(
        trust,
        account,
        roles.filter(({ granted }) => granted.account.id === account.id).map(({ role }) => role),
      ),
    ),
  };
}

/**
 * The finding for a binding at one link, by the judges of `status`. A role of another owner is judged only by who may
 * assume it.
 */
export function judgeBinding(seen: ObservedBinding, link: "trust" | "sts"): readonly Finding[] {
  const { binding, trust, serviceAccount, now } = seen;
  const roles = seen.roles.map((one) => ({ ...one, role: roleConfigOf(binding, one.granted) }));
  const config = configOf(trust, roles);
  const none = { kind: "skipped", needs: "provider" } as const;
  const accounts = config.aws.map((account) => ({
    account,
    place: none,
    provider: none,
    roles: roles
      .filter(({ granted }) => granted.account.id === account.account)
      .map(({ role, look }) => ({ role, look })),
  }));
  const workloads = accounts.flatMap(({ account }) =>
    roles
      .filter(({ granted }) => granted.account.id === account.account)
      .map(({ role, exchange }): WorkloadFacts => ({
        account,
        role,
        serviceAccount: `${binding.namespace}/${binding.name}`,
        object: serviceAccount,
        pods: none,
        ...defined({ exchange }),
      })),
  );
  return judgeFacts({ config, now, servers: [], accounts, workloads }, [link]).get(link) ?? [];
}

/** What is wrong with the issuer's OIDC provider in an account; undefined where nothing is. Throws `aws-*`. */
export async function providerFinding(
  account: BoundAccount,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const provider = await account.provider(signal);
  const from = `IAM of account ${account.account.account}`;
  if (!provider.exists)
    return finding("ProviderMissing", { seen: `there is no OIDC provider ${account.providerArn}`, from });
  const missing = account.account.audiences.filter((one) => !provider.state.clientIds.includes(one));
  if (missing.length === 0) return undefined;
  const seen = `${account.providerArn} does not accept the audience ${missing.join(", ")}`;
  return finding("AudienceMissing", { seen, from });
}
