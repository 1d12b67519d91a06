import type { Config } from "../../../config/index.ts";

const kept = ["create", "delete", "get", "list", "undelete", "update"];
const all = (resource: string): readonly string[] => kept.map((verb) => `iam.${resource}.${verb}`);

/** Rights in the project: pools, providers, and reading every service account's policy. */
const ofProject = [
  ...all("workloadIdentityPoolProviders"),
  ...all("workloadIdentityPools"),
  // Finds members of service accounts that the config no longer names.
  "iam.serviceAccounts.getIamPolicy",
  "iam.serviceAccounts.list",
].sort();

/**
 * Rights on one service account. Granted on the project they would let podtrust into every service account: so each
 * account's own policy grants them.
 */
const ofAccount = ["iam.serviceAccounts.getIamPolicy", "iam.serviceAccounts.setIamPolicy"];

/** Custom roles, by the resource they are granted on. */
export interface LeastGoogleRoles {
  readonly project: object;
  /** Absent if the config has no service account. */
  readonly "service-account"?: object;
}

const roleOf = (title: string, description: string, includedPermissions: readonly string[]): object => ({
  title,
  description,
  stage: "GA",
  includedPermissions,
});

/** The least privileges for `plan`, `up` and `down`, as custom roles for gcloud (IAM API, `Role`). */
export function leastGoogleRoles({ stack, gcp }: Config): LeastGoogleRoles {
  const hasAccounts = gcp.some(({ serviceAccounts }) => serviceAccounts.length > 0);
  const of = `stack ${stack}`;
  return {
    project: roleOf("podtrust", `Pools and providers of ${of}; granted on the project`, ofProject),
    ...(hasAccounts
      ? {
          "service-account": roleOf(
            "podtrust members",
            `Members of a service account of ${of}; granted on each service account, and not on the project`,
            ofAccount,
          ),
        }
      : {}),
  };
}
