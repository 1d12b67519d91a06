import type { Config } from "../../../config/index.ts";

const kept = ["create", "delete", "get", "list", "undelete", "update"];
const all = (resource: string): readonly string[] => kept.map((verb) => `iam.${resource}.${verb}`);

/** What the project gives: pools, providers, and a look at every service account's policy. */
const ofProject = [
  ...all("workloadIdentityPoolProviders"),
  ...all("workloadIdentityPools"),
  // Finds members of service accounts that the config no longer names.
  "iam.serviceAccounts.getIamPolicy",
  "iam.serviceAccounts.list",
].sort();

/**
 * What one service account gives. Given by the project it would let podtrust into every service account of it: it is given
 * by each account's own policy.
 */
const ofAccount = ["iam.serviceAccounts.getIamPolicy", "iam.serviceAccounts.setIamPolicy"];

/** Custom roles by what they are granted on. */
export interface LeastGoogleRoles {
  readonly project: object;
  /** Absent where the config has no service account. */
  readonly "service-account"?: object;
}

const roleOf = (title: string, description: string, includedPermissions: readonly string[]): object => ({
  title,
  description,
  stage: "GA",
  includedPermissions,
});

/** The least that whoever runs `plan`, `up` and `down` needs, as custom roles that gcloud takes (IAM API, `Role`). */
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
