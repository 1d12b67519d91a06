import type { Service } from "../wire/index.ts";
import { assumeRole } from "./assume-role.ts";
import { getCallerIdentity } from "./caller-identity.ts";
import { SessionDesk } from "./desk.ts";
import type { StsOptions } from "./options.ts";
import { getSessionToken } from "./session-token.ts";
import { assumeRoleWithWebIdentity } from "./web-identity.ts";

/** STS for one account (AWS query protocol, API version 2011-06-15). */
export function stsService(options: StsOptions): Service {
  const desk = new SessionDesk(options.account);
  return {
    name: "sts",
    protocol: "query",
    version: "2011-06-15",
    namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    validationCode: "ValidationError",
    actions: {
      AssumeRole: assumeRole(options, desk),
      AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity(options, desk),
      GetCallerIdentity: getCallerIdentity,
      GetSessionToken: getSessionToken(desk),
    },
  };
}
