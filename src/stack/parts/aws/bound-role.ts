import { defined } from "../../../core/base/index.ts";
import type { Binding, GrantedRole, Trust, TrustAccount } from "../../../rules/bindings/index.ts";
import type { AwsConfig, RoleConfig } from "../../../config/index.ts";

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

function placeOf(arn: string): { readonly path: string; readonly name: string } {
  const rest = arn.slice(arn.indexOf(":role/") + ":role".length);
  const end = rest.lastIndexOf("/") + 1;
  return { path: rest.slice(0, end), name: rest.slice(end) };
}

/** What one profile of a binding is granted, as a config has roles: for its ServiceAccount alone. */
export function roleConfigOf(
  { namespace, name }: Pick<Binding, "namespace" | "name">,
  { managed, arn }: Pick<GrantedRole, "managed" | "arn">,
): RoleConfig {
  const bound = {
    serviceAccounts: [`${namespace}/${name}`],
    subjectPatterns: [],
    sessionName: proofSession,
  };
  if (managed !== undefined) return { ...bound, ...managed };
  return { ...bound, ...placeOf(arn), policies: [], inline: {}, maxSession: 3600, tags: {} };
}
