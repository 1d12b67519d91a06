import { defined } from "../../../core/base/index.ts";
import {
  authorize,
  evaluate,
  type Evaluation,
  type NamedPolicy,
  type RoleFacts,
} from "../../../rules/trust/index.ts";
import { contextOf } from "../access/context.ts";
import { layerNames } from "../access/denial.ts";
import { policiesOf } from "../access/policies.ts";
import type { Account } from "../state/account.ts";
import type { Caller } from "../state/records.ts";
import { AwsError } from "../wire/error.ts";
import type { Call } from "../wire/service.ts";

/** What a caller wants of a role: `sts:AssumeRole`, and with it `sts:TagSession` or `sts:SetSourceIdentity`. */
export interface RoleRequest {
  readonly action: string;
  readonly roleArn: string;
  /** Undefined: it does not exist, or STS does not see it yet. */
  readonly role: RoleFacts | undefined;
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

function refusal(caller: Caller, request: RoleRequest, why: string, suffix = ""): AwsError {
  const what = `${request.action} on resource: ${request.roleArn}`;
  return new AwsError("AccessDenied", `User: ${caller.arn} is not authorized to perform: ${what}${suffix}`, {
    status: 403,
    rule: "role-trust",
    why,
    next: `Let the role's trust policy name ${caller.arn}, and a policy of the caller allow ${request.action}.`,
  });
}

/** What the caller's own policies say. */
interface OwnPolicies {
  readonly all: Evaluation;
  /** Boundary and session policies allow it, regardless of the identity policies. */
  readonly withinLimits: boolean;
}

const everything: NamedPolicy = {
  name: "the trust policy's own Allow",
  document: {
    version: "2012-10-17",
    statements: [{ effect: "Allow", actions: ["*"], resources: ["*"], conditions: [] }],
  },
};

function ownPolicies(account: Account, call: Call, caller: Caller, request: RoleRequest): OwnPolicies {
  const { action, roleArn: resource, context } = request;
  // The administrator may do everything.
  if (caller.kind === "admin" || caller.session === undefined) {
    return { all: { effect: "allow", trace: [] }, withinLimits: true };
  }
  const policies = policiesOf(account, caller.session);
  const asked = {
    action,
    resource,
    context: contextOf(account, caller, call, { action, resource, context }),
  };
  const limits = authorize({ ...policies, identity: [everything] }, asked);
  return { all: authorize(policies, asked), withinLimits: limits.effect === "allow" };
}

/** How far a trust policy admits a caller. */
type Reach = "session" | "role" | "account" | "denied" | "none";

function trustReach(
  account: Account,
  call: Call,
  caller: Caller,
  request: RoleRequest & { role: RoleFacts },
): Reach {
  const { action, roleArn: resource, role } = request;
  const owner = caller.session?.of;
  const ownRole = owner?.kind === "role" ? [owner.roleArn] : [];
  const context = contextOf(account, caller, call, { action, resource, context: request.context });
  const ask = (ids: readonly string[], ofAccount?: string): Evaluation["effect"] =>
    evaluate([{ name: "trust policy", document: role.trustPolicy }], {
      action,
      resource,
      context,
      principal: { type: "AWS", ids, ...defined({ account: ofAccount }) },
    }).effect;
  const widest = ask([caller.arn, ...ownRole], caller.account);
  if (widest !== "allow") return widest === "explicit-deny" ? "denied" : "none";
  if (ask([caller.arn]) === "allow") return "session";
  return ask([caller.arn, ...ownRole]) === "allow" ? "role" : "account";
}

/** The part of a trust policy's admission that needs no Allow of the caller's own, given what these say. */
function suffices(reach: Reach, own: OwnPolicies): boolean {
  if (own.all.effect === "allow" || reach === "session") return true;
  return reach === "role" && own.withinLimits;
}

/**
 * Decides whether a caller of the same account gets what it wants of a role. A trust policy that names the account
 * leaves it to the caller's own policies; one that names the role needs no such Allow, but a boundary and a session
 * policy still limit; one that names the session itself needs neither. A Deny on either side wins (IAM User Guide,
 * "Policy evaluation logic", resource-based policies in one account). Returns the rule that allowed, or throws AWS's
 * refusal.
 */
export function requireTrust(account: Account, call: Call, request: RoleRequest): string {
  const { caller } = call;
  if (caller === undefined) throw new TypeError("an unsigned call has no caller that a role could trust");
  const { role } = request;
  const refuse = (why: string, suffix?: string): AwsError => refusal(caller, request, why, suffix);
  if (role === undefined) {
    throw refuse(
      "there is no such role in this account, or it was made a moment ago and STS does not see it yet",
    );
  }
  const trusting = `the trust policy of role ${role.name}`;
  const reach = trustReach(account, call, caller, { ...request, role });
  if (reach === "denied") throw refuse(`${trusting} denies it`);
  if (reach === "none") throw refuse(`no statement of ${trusting} allows ${request.action} to this caller`);
  const own = ownPolicies(account, call, caller, request);
  if (own.all.effect === "explicit-deny") {
    const suffix = ` with an explicit deny in ${layerNames[own.all.layer ?? "identity"].a}`;
    throw refuse(`${own.all.by?.policy ?? "a policy of the caller"} denies it`, suffix);
  }
  if (suffices(reach, own)) return `trust policy of ${role.name}`;
  throw refuse(
    `${trusting} does not name this caller so closely that it needs no Allow of its own policies, and these do not allow it`,
  );
}
