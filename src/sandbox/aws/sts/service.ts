import type { Service } from "../wire/index.ts";
import { assumeRole } from "./assume-role.ts";
import { getCallerIdentity } from "./caller-identity.ts";
import { SessionStore } from "./session-store.ts";
import type { StsOptions } from "./options.ts";
import { getSessionToken } from "./session-token.ts";
import { assumeRoleWithWebIdentity } from "./web-identity.ts";

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
