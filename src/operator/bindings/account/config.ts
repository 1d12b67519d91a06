import { defined } from "../../../core/base/index.ts";
import type { Binding, GrantedRole, Trust, TrustAccount } from "../../../rules/bindings/index.ts";
import type { AwsConfig, RoleConfig } from "../../../config/index.ts";
import { readArn } from "../../../rules/oidc/index.ts";

/** What proofs call themselves in CloudTrail. */
const proofSession = "podtrust-proof";

/** An account of a trust, as a config has accounts. */
export function awsConfigOf(
  { audiences }: Pick<Trust, "audiences">,
  { id, region, assumeRole }: TrustAccount,
  roles: readonly RoleConfig[] = [],
): AwsConfig {
  return {
    account: id,
    region,
    audiences,
    tags: {},
    roles,
    ...defined({ assumeRole }),
  };
}

/** What one profile of a binding is granted, as a config has roles: for its ServiceAccount alone. */
export function roleConfigOf(
  { namespace, name: serviceAccount }: Pick<Binding, "namespace" | "name">,
  { managed, arn }: Pick<GrantedRole, "managed" | "arn">,
): RoleConfig {
  const bound = {
    serviceAccounts: [`${namespace}/${serviceAccount}`],
    subjectPatterns: [],
    sessionName: proofSession,
  };
  if (managed !== undefined) return { ...bound, ...managed };
  const { path, name } = readArn(arn);
  return { ...bound, path, name, policies: [], inline: {}, maxSession: 3600, tags: {} };
}
