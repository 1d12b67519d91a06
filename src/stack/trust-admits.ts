import { oidcProviderArn, partitionOf } from "../aws/index.ts";
import type { AwsConfig, Config, RoleConfig } from "../config/index.ts";
import { iamProviderKey } from "../oidc/index.ts";
import { evaluate, parsePolicy } from "../trust/index.ts";

/** The ARN that a role of the config has. */
export function roleArnOf(account: AwsConfig, role: RoleConfig): string {
  return `arn:${partitionOf(account.region)}:iam::${account.account}:role${role.path}${role.name}`;
}

/** Who asks for a role, and by which provider's token. */
export interface Asker {
  readonly config: Pick<Config, "issuer">;
  readonly account: AwsConfig;
  readonly role: RoleConfig;
  /** system:serviceaccount:NAMESPACE:NAME */
  readonly subject: string;
  readonly audience: string;
}

/** Whether a trust policy, as JSON text, lets a token's subject in. Throws `policy-malformed`. */
export function trustAdmits(trustPolicy: string, asker: Asker): boolean {
  const { config, account, role, subject, audience } = asker;
  const key = iamProviderKey(config.issuer);
  const provider = oidcProviderArn(partitionOf(account.region), account.account, config.issuer);
  const { effect } = evaluate([{ name: "trust policy", document: parsePolicy(trustPolicy, "trust") }], {
    action: "sts:AssumeRoleWithWebIdentity",
    resource: roleArnOf(account, role),
    principal: { type: "Federated", ids: [provider], account: account.account },
    context: { [`${key}:aud`]: audience, [`${key}:sub`]: subject },
  });
  return effect === "allow";
}
