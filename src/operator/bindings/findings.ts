import { defined, type ErrorCode, type PodtrustError, type Reason } from "../../core/base/index.ts";
import type { Binding, GrantedRole, Trust } from "../../rules/bindings/index.ts";
import type { Config, RoleConfig } from "../../config/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { awsConfigOf, roleConfigOf } from "./account/index.ts";
import type { TokenExchange, ResourceDrift } from "../../stack/parts/index.ts";
import type { RoleState } from "../../providers/aws/index.ts";
import type { Seen, WorkloadFacts } from "../../stack/index.ts";
import { finding, type Finding } from "../../stack/index.ts";
import { awsFinding, judgeFacts } from "../../stack/index.ts";

/** What was seen of one role of a binding. */
export interface RoleSeen {
  readonly granted: GrantedRole;
  readonly look: Seen<ResourceDrift<RoleState>>;
  readonly exchange?: Seen<TokenExchange>;
}

/** What was seen of a binding. */
export interface BindingSeen {
  readonly binding: Binding;
  readonly trust: Trust;
  readonly roles: readonly RoleSeen[];
  readonly serviceAccount: Seen<KubernetesObject | undefined>;
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

/** What an error means that came while roles were planned or made. */
export function planFinding(error: PodtrustError, from: string): Finding {
  const reason = ofPlan[error.code];
  if (reason === undefined) return awsFinding(error, from);
  return finding(reason, { seen: error.message, from, next: error.next, code: error.code });
}

/** A trust as a config of its own, with the roles of one binding: what `status` judges. */
function configOf(trust: Trust, roles: readonly { granted: GrantedRole; role: RoleConfig }[]): Config {
  const accounts = [...new Map(roles.map(({ granted }) => [granted.account.id, granted.account])).values()];
  return {
    file: `AWSTrust ${trust.name}`,
    stack: trust.stack,
    issuer: trust.issuer,
    warnings: [],
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
 * What was seen of a binding means at one link, by the judges of `status`. A role of somebody else's is judged by whom it
 * lets in alone.
 */
export function judgeBinding(seen: BindingSeen, link: "trust" | "sts"): readonly Finding[] {
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
  return judgeFacts({ config, now, accounts, workloads }, [link]).get(link) ?? [];
}
