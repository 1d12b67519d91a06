import { policyQuotas } from "../../../rules/trust/index.ts";
import { type ServiceAction, action } from "../wire/service.ts";
import type { Value } from "../wire/value.ts";
import type { IamContext } from "./context.ts";
import { policyVersions, quotas } from "./quotas.ts";

/** GetAccountSummary: what the account holds and may hold. Counts only what the sandbox implements. */
export function accountSummaryActions({ account }: IamContext): Record<string, ServiceAction> {
  return {
    GetAccountSummary: action({
      input: {},
      access: () => [{ action: "iam:GetAccountSummary", resource: "*" }],
      run() {
        const versions = account.policies.values().reduce((sum, { versions: all }) => sum + all.length, 0);
        const summary: [string, Value][] = [
          ["Users", 0],
          ["Groups", 0],
          ["Roles", account.roles.size],
          ["RolesQuota", quotas.RolesPerAccount],
          ["Policies", account.policies.size],
          ["PoliciesQuota", quotas.PoliciesPerAccount],
          ["PolicySizeQuota", policyQuotas.managed],
          ["PolicyVersionsInUse", versions],
          ["VersionsPerPolicyQuota", policyVersions],
          ["AttachedPoliciesPerRoleQuota", quotas.PoliciesPerRole],
          ["AssumeRolePolicySizeQuota", policyQuotas.trust],
          ["RolePolicySizeQuota", policyQuotas.inlineOfRole],
          ["Providers", account.providers.size],
          ["InstanceProfiles", account.instanceProfiles.size],
          ["InstanceProfilesQuota", quotas.InstanceProfilesPerAccount],
          ["ServerCertificates", 0],
          ["MFADevices", 0],
          ["AccountMFAEnabled", 0],
          ["AccountAccessKeysPresent", 0],
        ];
        return { SummaryMap: new Map(summary) };
      },
    }),
  };
}
