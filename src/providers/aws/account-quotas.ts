import { iamOf } from "./iam-call.ts";
import { decodedDocument } from "./role.ts";
import type { AwsSession } from "./session.ts";

/** An account's usage and quotas of what a stack makes. */
export interface AccountQuotas {
  readonly roles: { readonly used: number; readonly quota: number };
  /** Managed policies on one role. */
  readonly policiesPerRole: number;
  /** Characters of a trust policy without white space. */
  readonly trustPolicySize: number;
  /** Characters of all inline policies of one role without white space. */
  readonly inlinePolicySize: number;
}

/** AWS's default number of OIDC providers per account (quota L-858F3967), which can be raised. */
export const defaultOidcProviders = 100;

/** iam:GetAccountSummary. What the summary leaves out counts as unlimited: IAM itself refuses then. */
export async function readAccountQuotas(session: AwsSession, signal?: AbortSignal): Promise<AccountQuotas> {
  const iam = iamOf(session, signal);
  const summary = await iam.read("reading the account's quotas", (client, api, options) =>
    client.send(new api.GetAccountSummaryCommand({}), options),
  );
  const map: Partial<Record<string, number>> = summary?.SummaryMap ?? {};
  const quota = (name: string): number => map[name] ?? Number.POSITIVE_INFINITY;
  return {
    roles: { used: map["Roles"] ?? 0, quota: quota("RolesQuota") },
    policiesPerRole: quota("AttachedPoliciesPerRoleQuota"),
    trustPolicySize: quota("AssumeRolePolicySizeQuota"),
    inlinePolicySize: quota("RolePolicySizeQuota"),
  };
}

/** The default version of a managed policy, JSON text; undefined where there is none (iam:GetPolicy, iam:GetPolicyVersion). */
export async function readManagedPolicy(
  session: AwsSession,
  arn: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const iam = iamOf(session, signal);
  const found = await iam.read(`reading policy ${arn}`, (client, api, options) =>
    client.send(new api.GetPolicyCommand({ PolicyArn: arn }), options),
  );
  const VersionId = found?.Policy?.DefaultVersionId;
  if (VersionId === undefined) return undefined;
  const answer = await iam.read(`reading policy ${arn}`, (client, api, options) =>
    client.send(new api.GetPolicyVersionCommand({ PolicyArn: arn, VersionId }), options),
  );
  const text = answer?.PolicyVersion?.Document;
  return text === undefined ? undefined : decodedDocument(text);
}

/** Whether a managed policy of this ARN can be attached (iam:GetPolicy). */
export async function hasManagedPolicy(
  session: AwsSession,
  arn: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const answer = await iamOf(session, signal).read(`reading policy ${arn}`, (client, api, options) =>
    client.send(new api.GetPolicyCommand({ PolicyArn: arn }), options),
  );
  return answer?.Policy?.IsAttachable === true;
}
