import { parsePolicy, parseRoleArn, type RoleFacts } from "../../../rules/trust/index.ts";
import { seenRole } from "../state/account.ts";
import type { StsOptions } from "./options.ts";

/**
 * The role of an ARN as STS sees it; undefined if it is of another account, absent, new and not yet spread, or named
 * with another path or other letter case than it was created with.
 */
export function roleFacts(options: StsOptions, arn: string, now: number): RoleFacts | undefined {
  const asked = parseRoleArn(arn);
  if (asked?.account !== options.account.id) return undefined;
  const role = seenRole(options.account, asked.name, now, options.propagationMs);
  if (role === undefined || role.arn !== arn) return undefined;
  return {
    arn: role.arn,
    name: role.name,
    id: role.id,
    trustPolicy: parsePolicy(role.trustPolicy, "trust"),
    maxSessionDuration: role.maxSessionDuration,
    account: asked.account,
  };
}
