import { AwsError } from "../wire/error.ts";

/**
 * AWS's default quotas (IAM User Guide, "IAM and AWS STS quotas"), by the names in its errors. Sizes of policies are in
 * trust/.
 */
export const quotas = {
  OpenIdConnectProvidersPerAccount: 100,
  ClientIdsPerOpenIdConnectProvider: 100,
  RolesPerAccount: 1000,
  InstanceProfilesPerAccount: 1000,
  InstanceSessionsPerInstanceProfile: 1,
  PoliciesPerAccount: 1500,
  PoliciesPerRole: 10,
  TagsPerRole: 50,
  TagsPerPolicy: 50,
  TagsPerInstanceProfile: 50,
  TagsPerOpenIdConnectProvider: 50,
} as const;

/** Versions of one managed policy. */
export const policyVersions = 5;
/** Thumbprints of one OIDC provider. */
export const thumbprints = 5;

/** Refuses a `count` over the quota. */
export function withinQuota(quota: keyof typeof quotas, count: number): void {
  if (count <= quotas[quota]) return;
  throw new AwsError("LimitExceeded", `Cannot exceed quota for ${quota}: ${quotas[quota]}`, {
    status: 409,
    rule: "within-quota",
  });
}
