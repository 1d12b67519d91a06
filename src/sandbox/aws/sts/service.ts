import { assumeRole } from "./assume-role.ts";
import { SessionStore } from "./session-store.ts";
import { getSessionToken } from "./session-token.ts";
import { assumeRoleWithWebIdentity } from "./web-identity.ts";
import { action, type Service, type ServiceAction } from "../wire/service.ts";
import type { StsOptions } from "./options.ts";

/** GetCallerIdentity: needs no permission, and cannot be denied. */
const getCallerIdentity: ServiceAction = action({
  input: {},
  access: () => [],
  run(_params, { caller }) {
    if (caller === undefined) throw new TypeError("GetCallerIdentity is signed");
    return { Arn: caller.arn, UserId: caller.userId, Account: caller.account };
  },
});

/** STS for one account (AWS query protocol, API version 2011-06-15). */
export function stsService(options: StsOptions): Service {
  const sessions = new SessionStore(options.account);
  return {
    name: "sts",
    protocol: "query",
    version: "2011-06-15",
    namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    validationCode: "ValidationError",
    actions: {
      AssumeRole: assumeRole(options, sessions),
      AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity(options, sessions),
      GetCallerIdentity: getCallerIdentity,
      GetSessionToken: getSessionToken(sessions),
    },
  };
}
