import { defined } from "../../../core/base/index.ts";
import { parseRoleArn } from "../../../rules/trust/index.ts";
import type { Session, Tag } from "../state/records.ts";
import { type ServiceAction, action, type Call } from "../wire/service.ts";
import { AwsError } from "../wire/error.ts";
import { integer, required, structures, text, texts, type ValueOf } from "../wire/input.ts";
import { assumedRoleArn, credentials, type SessionStore } from "./session-store.ts";
import type { StsOptions } from "./options.ts";
import { roleFacts } from "./role-facts.ts";
import { requireTrust, type RoleRequest } from "./role-trust.ts";
import { sessionLimits } from "./session-policies.ts";
import { sessionTags, type SessionTags } from "./session-tags.ts";
import { refuseMfa } from "./session-token.ts";

const hour = 3600;

const input = {
  RoleArn: required(text({ min: 20, max: 2048 })),
  RoleSessionName: required(text({ min: 2, max: 64, pattern: "[\\w+=,.@-]*" })),
  DurationSeconds: integer({ min: 900, max: 43_200 }),
  Policy: text({ min: 1, max: 2048 }),
  PolicyArns: structures({ arn: text({ min: 20, max: 2048 }) }, { max: 10 }),
  Tags: structures(
    { Key: required(text({ min: 1, max: 128 })), Value: required(text({ max: 256 })) },
    { max: 50 },
  ),
  TransitiveTagKeys: texts({ min: 1, max: 128 }, { max: 50 }),
  ExternalId: text({ min: 2, max: 1224, pattern: "[\\w+=,.@:\\/-]*" }),
  SerialNumber: text({ min: 9, max: 256 }),
  TokenCode: text({ min: 6, max: 6 }),
  SourceIdentity: text({ min: 2, max: 64, pattern: "[\\w+=,.@-]*" }),
  ProvidedContexts: structures({}, {}),
};
type Params = ValueOf<typeof input>;

function checkArn(params: Params): void {
  if (parseRoleArn(params.RoleArn) !== undefined) return;
  throw new AwsError("ValidationError", `${params.RoleArn} is invalid`, { rule: "role-arn" });
}

function checkUnsupported(params: Params): void {
  refuseMfa(params.SerialNumber, params.TokenCode);
  if (params.ProvidedContexts === undefined || params.ProvidedContexts.length === 0) return;
  throw new AwsError("ValidationError", "This sandbox does not implement ProvidedContexts", {
    rule: "provided-contexts",
  });
}

/** Seconds; with a role's session as caller, a new session lives an hour at most, whatever the role allows. */
function durationOf(params: Params, maxDuration: number, calling: Session | undefined): number {
  const wanted = params.DurationSeconds ?? hour;
  const refuse = (message: string): AwsError =>
    new AwsError("ValidationError", message, { rule: "session-duration" });
  if (calling?.of.kind === "role" && wanted > hour) {
    throw refuse(
      "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
    );
  }
  if (wanted <= maxDuration) return wanted;
  throw refuse("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
}

/** The source identity of the new session; once set it is inherited from session to session. */
function sourceIdentityOf(params: Params, calling: Session | undefined): string | undefined {
  const set = calling?.sourceIdentity;
  if (set === undefined || params.SourceIdentity === undefined || params.SourceIdentity === set) {
    return set ?? params.SourceIdentity;
  }
  throw new AwsError("AccessDenied", "The source identity is already set for this assume role session", {
    status: 403,
    rule: "source-identity",
    why: "The calling session carries a source identity, which cannot be changed along a chain of roles.",
    next: "Leave SourceIdentity away.",
  });
}

function contextOfRequest(
  params: Params,
  given: SessionTags,
  sourceIdentity: string | undefined,
): RoleRequest["context"] {
  const tagPairs = given.tags.map(({ key, value }) => [`aws:RequestTag/${key}`, value] as const);
  return {
    "sts:RoleSessionName": params.RoleSessionName,
    ...defined({ "sts:ExternalId": params.ExternalId, "sts:SourceIdentity": sourceIdentity }),
    ...Object.fromEntries(tagPairs),
    ...(given.tags.length === 0 ? {} : { "aws:TagKeys": given.tags.map(({ key }) => key) }),
    ...(given.transitiveTagKeys.length === 0 ? {} : { "sts:TransitiveTagKeys": given.transitiveTagKeys }),
  };
}

function askedTags(params: Params): SessionTags {
  const tags: readonly Tag[] = (params.Tags ?? []).map(({ Key, Value }) => ({ key: Key, value: Value }));
  return { tags, transitiveTagKeys: params.TransitiveTagKeys ?? [] };
}

/** AssumeRole: a signed call, allowed by the role's trust policy and the caller's own policies together. */
export function assumeRole(options: StsOptions, sessions: SessionStore): ServiceAction {
  const { account } = options;
  const run = (params: Params, call: Call) => {
    call.note({ resource: params.RoleArn });
    checkArn(params);
    checkUnsupported(params);
    const calling = call.caller?.session;
    const given = sessionTags(askedTags(params), calling);
    const sourceIdentity = sourceIdentityOf(params, calling);
    const role = roleFacts(options, params.RoleArn, call.now);
    const context = contextOfRequest(params, given, sourceIdentity);
    const request = { roleArn: params.RoleArn, role, context };
    const rule = requireTrust(account, call, { ...request, action: "sts:AssumeRole" });
    if (given.tags.length > 0) requireTrust(account, call, { ...request, action: "sts:TagSession" });
    if (sourceIdentity !== undefined)
      requireTrust(account, call, { ...request, action: "sts:SetSourceIdentity" });
    // requireTrust has refused a role that is not there.
    const facts = role as NonNullable<typeof role>;
    const duration = durationOf(params, facts.maxSessionDuration, calling);
    const limits = sessionLimits(
      account,
      params.Policy,
      (params.PolicyArns ?? []).map(({ arn }) => arn ?? ""),
    );
    call.note({ rule });
    const session = sessions.issue(call.now, {
      duration,
      of: {
        kind: "role",
        roleArn: facts.arn,
        roleName: facts.name,
        roleId: facts.id,
        sessionName: params.RoleSessionName,
      },
      policies: limits.policies,
      ...given,
      ...defined({ sourceIdentity }),
    });
    return {
      AssumedRoleUser: {
        AssumedRoleId: `${facts.id}:${params.RoleSessionName}`,
        Arn: assumedRoleArn(account.id, facts.name, params.RoleSessionName),
      },
      Credentials: credentials(session),
      PackedPolicySize: limits.packedSize,
      SourceIdentity: sourceIdentity,
    };
  };
  return action({ input, access: () => [], run });
}
