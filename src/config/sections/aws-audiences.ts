import { matchesPattern, patternOf } from "../../rules/trust/index.ts";
import type { ServiceAccountName } from "../../rules/oidc/index.ts";
import type { Config } from "../config.ts";
import type { ConfiguredAudience } from "./party-section.ts";
import type { RoleConfig } from "../aws/config.ts";

const names = (role: RoleConfig, account: string): boolean =>
  role.serviceAccounts.includes(account) ||
  role.subjectPatterns.some((pattern) => matchesPattern(patternOf(pattern), account));

/** The audiences of the tokens by which a ServiceAccount assumes roles of the config: each account's first. */
export function awsAudiences(
  { aws }: Config,
  { namespace, name }: ServiceAccountName,
): readonly ConfiguredAudience[] {
  return aws.flatMap(({ account, audiences, roles }) =>
    roles
      .filter((role) => names(role, `${namespace}/${name}`))
      .map((role) => ({ what: `account ${account}, role ${role.name}`, audience: audiences[0] ?? "" })),
  );
}
