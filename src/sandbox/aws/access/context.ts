import { defined, isoTime } from "../../../core/base/index.ts";
import { type Account, roleKey } from "../state/account.ts";
import type { Caller, Session } from "../state/records.ts";
import type { Call, Need } from "../wire/service.ts";

type Context = Record<string, string | readonly string[]>;

function principalTags(account: Account, session: Session): Context {
  const role = session.of.kind === "role" ? account.roles.get(roleKey(session.of.roleName)) : undefined;
  // A session's tags take precedence over its role's.
  const tags = [...(role?.tags ?? []), ...session.tags];
  return Object.fromEntries(tags.map(({ key, value }) => [`aws:PrincipalTag/${key}`, value]));
}

function sessionContext(account: Account, session: Session): Context {
  return {
    // "Present in the request context only when the principal uses temporary credentials": the sandbox has no MFA
    // devices. AWS does not say whether a web identity's session lacks it.
    "aws:MultiFactorAuthPresent": "false",
    "aws:TokenIssueTime": isoTime(session.createDate),
    ...principalTags(account, session),
    ...defined({
      "aws:SourceIdentity": session.sourceIdentity,
      "aws:FederatedProvider": session.federatedProvider,
    }),
    ...session.claims,
  };
}

/** The caller's ARN in the form of `aws:PrincipalArn`: a session's is its role's. */
function principalArn(caller: Caller): string {
  const owner = caller.session?.of;
  return owner?.kind === "role" ? owner.roleArn : caller.arn;
}

/** The owner of a resource: without an account in its ARN, as for `*`, the caller's own; AWS's own policies have none. */
function resourceAccount(caller: Caller, { resource }: Need): Context {
  const owner = resource.split(":", 6)[4] ?? "";
  return owner === "aws" ? {} : { "aws:ResourceAccount": owner === "" ? caller.account : owner };
}

/** The condition keys of a call: the global ones (IAM User Guide, "AWS global condition context keys"), then the need's. */
export function contextOf(account: Account, caller: Caller, call: Call, need: Need): Context {
  const admin = caller.kind === "admin";
  return {
    "aws:CurrentTime": isoTime(call.now),
    "aws:EpochTime": String(Math.floor(call.now / 1000)),
    "aws:PrincipalAccount": caller.account,
    "aws:PrincipalIsAWSService": "false",
    ...resourceAccount(caller, need),
    "aws:PrincipalArn": principalArn(caller),
    "aws:PrincipalType": admin ? "User" : "AssumedRole",
    "aws:userid": caller.userId,
    ...(admin ? { "aws:username": caller.arn.slice(caller.arn.lastIndexOf("/") + 1) } : {}),
    "aws:RequestedRegion": call.region,
    // AWS is reached over TLS only; loopback stands in for it, and a policy that requires TLS must work here too.
    "aws:SecureTransport": "true",
    "aws:SourceIp": call.sourceAddress.replace(/^::ffff:/u, ""),
    "aws:UserAgent": call.userAgent,
    "aws:ViaAWSService": "false",
    ...(caller.session === undefined ? {} : sessionContext(account, caller.session)),
    ...need.context,
  };
}
