import { AwsError } from "../wire/index.ts";

/** AWS's default quotas (IAM User Guide, "IAM and AWS STS quotas"), by the name that its errors print. */
export const quotas = {
  OpenIdConnectProvidersPerAccount: 100,
  ClientIdsPerOpenIdConnectProvider: 100,
  RolesPerAccount: 1000,
  PoliciesPerAccount: 1500,
  PoliciesPerRole: 10,
  /** Characters of a trust policy, white space not counted. */
  ACLSizePerRole: 2048,
  /** Characters of a managed policy, white space not counted. */
  PolicySize: 6144,
  TagsPerRole: 50,
  TagsPerPolicy: 50,
  TagsPerOpenIdConnectProvider: 50,
} as const;

/** Characters of all inline policies of a role together, white space not counted. */
export const inlinePolicySize = 10_240;
/** Versions of one managed policy. */
export const policyVersions = 5;
/** Thumbprints of one OIDC provider. */
export const thumbprints = 5;

/** Refuses when `count` goes over the quota. */
export function withinQuota(quota: keyof typeof quotas, count: number): void {
  if (count <= quotas[quota]) return;
  throw new AwsError("LimitExceeded", `Cannot exceed quota for ${quota}: ${quotas[quota]}`, {
    status: 409,
    rule: "within-quota",
  });
}
