import { asPodtrustError, defined, type ErrorCode, PodtrustError } from "../../core/base/index.ts";
import type { Reason } from "../../core/reasons/index.ts";
import { type Config, noParties, type RoleConfig } from "../../config/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { Binding, GrantedRole, Trust } from "../../rules/bindings/index.ts";
import { namedStack } from "../../rules/plan/index.ts";
import {
  awsFinding,
  finding,
  type Finding,
  judgeFacts,
  type LookResult,
  type WorkloadFacts,
} from "../../stack/index.ts";
import { awsConfigOf, roleConfigOf } from "./account/roles.ts";
import type { BoundAccount, BoundAccounts } from "./account/account.ts";
import type { Asked, Bound, Made, Proving, Turn } from "./engine/row.ts";
import type { ObservedRole, RoleTypes } from "./role-rights.ts";
import { ageOf, passInterval, proofEvery } from "./status.ts";

/**
 * AWS's STS knew no new role before five seconds, and most after eight: asking sooner wastes a token and two calls;
 * then it is asked every 1.5 seconds.
 */
export const settles = { from: 8000, every: 1500 } as const;
// The longest that IAM needs until STS knows of a change (`maxPropagation` of aws/).
const maxSettling = 36_000;

const worst = (findings: readonly Finding[]): Finding | undefined => {
  const order = ["broken", "warning", "unseen", "ok"];
  return [...findings].sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome))[0];
};

const isRefused = ({ exchange }: ObservedRole): boolean =>
  exchange?.kind === "seen" && exchange.value.kind === "refused" && exchange.value.code === "AccessDenied";

/** While IAM is making a first role, and until STS knows of it. */
export const pending = finding("RolePending", {
  seen: "IAM is asked to make the role, and STS has not let the ServiceAccount in yet",
  from: "IAM",
});

/** While STS need not know what was changed. */
const settling = finding("RoleSettling", {
  seen: "the role was made or changed a moment ago, and STS does not know it yet",
  from: "STS",
});

/**
 * Milliseconds until a Ready binding has to be looked at, its last proof being so old: for the next proof. The trust's
 * look at the account shows each minute what others change of roles that podtrust made; of existing ones it keeps
 * nothing.
 */
export function untilProof({ granted }: Pick<Bound<RoleTypes>, "granted">, age: number): number {
  const areKnown = granted.every(({ managed }) => managed !== undefined);
  return areKnown ? Math.max(passInterval, proofEvery - age) : passInterval;
}

/** When each role of a binding was made from here, by `elapsed`; undefined if it was not, or was changed since. */
const madeAt = (aws: BoundAccounts, { granted, trust }: Bound<RoleTypes>): readonly (number | undefined)[] =>
  granted.map(({ account, managed }) =>
    managed === undefined ? undefined : aws.of(trust, account).madeAt(managed.name),
  );

/** Whether all roles of a binding were made from here, and none was changed since. Makes no call. */
export const areMade = (aws: BoundAccounts, bound: Bound<RoleTypes>): boolean =>
  madeAt(aws, bound).every((at) => at !== undefined);

/** Whether STS may not know a role yet: it was made, or something of the binding was changed, a moment ago. */
function isYoung(roles: readonly ObservedRole[], { age, clock }: Pick<Asked, "age" | "clock">): boolean {
  const made = roles.flatMap(({ look }) =>
    look.kind === "seen" && look.value.observed.exists ? [look.value.observed.state.created] : [],
  );
  return [age, ...made.map((at) => ageOf({ clock }, at))].some((one) => one < maxSettling);
}

/** Asks STS for every role with one token of the ServiceAccount. */
export class ProvingRoles implements Proving<RoleTypes> {
  readonly #aws: BoundAccounts;

  constructor(aws: BoundAccounts) {
    this.#aws = aws;
  }

  audience({ trust: { audiences } }: Bound<RoleTypes>): string {
    const [audience = ""] = audiences;
    return audience;
  }

  /** Too early for roles that were just made. */
  early(bound: Bound<RoleTypes>, { clock }: Turn) {
    const last = Math.max(...madeAt(this.#aws, bound).map((at) => at ?? Number.NEGATIVE_INFINITY));
    const againIn = last + settles.from - clock.elapsed();
    return againIn > 0 ? { finding: settling, againIn } : undefined;
  }

  /** What STS answers the ServiceAccount; shortly after a change, a refusal means nothing yet. */
  async ask(
    { binding, trust }: Bound<RoleTypes>,
    { seen = [] }: Pick<Made<RoleTypes>, "seen">,
    { jwt, signal, age, clock }: Asked,
  ): Promise<Finding> {
    const roles = await Promise.all(
      seen.map(async (one): Promise<ObservedRole> => {
        const account = this.#aws.of(trust, one.granted.account);
        try {
          const value = await account.exchange(roleConfigOf(binding, one.granted), jwt, signal);
          return { ...one, exchange: { kind: "seen", value } };
        } catch (error) {
          signal.throwIfAborted();
          return { ...one, exchange: { kind: "failed", error: asPodtrustError(error) } };
        }
      }),
    );
    const serviceAccount = { kind: "skipped", needs: "serviceaccount" } as const;
    const judged = worst(judgeBinding({ binding, trust, roles, serviceAccount, now: clock.now() }, "sts"));
    if (roles.some(isRefused) && isYoung(roles, { age, clock })) return settling;
    return judged ?? finding("LookFailed", { seen: "nothing was asked", from: "STS" });
  }
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

/** Whether an error is AWS's, and not the cluster's or podtrust's. */
export function isAws(error: unknown): error is PodtrustError {
  return error instanceof PodtrustError && error.code.startsWith("aws-");
}

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
