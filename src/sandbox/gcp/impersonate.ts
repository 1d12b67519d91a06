import { textOf, isoSeconds } from "../../core/base/index.ts";
import { explainImpersonation } from "../../rules/gcp/index.ts";
import { rolesWith } from "./access.ts";
import type { ApiCall, ApiReply } from "./call.ts";
import { textsField } from "./fields.ts";
import type { ServiceAccount } from "./project.ts";
import { invalid, permissionDenied, refusal } from "./refusal.ts";
import { findAccount } from "./service-accounts.ts";
import { adminMember, cloudPlatform, membersOfCaller } from "./tokens.ts";

const permission = "iam.serviceAccounts.getAccessToken";
/** Seconds; an organisation's policy may allow up to 12 hours, and this project has no organisation. */
const maxLifetime = 3600;
const scopePattern = /^(?:https:\/\/www\.googleapis\.com\/auth\/[\w./-]+|openid|email|profile)$/u;

/** The seconds of a protocol buffers duration: `3600s`. Throws INVALID_ARGUMENT. */
function lifetimeOf(value: unknown): number {
  if (value === undefined || value === null) return maxLifetime;
  const [, seconds] = /^(-?\d{1,12}(?:\.\d{1,9})?)s$/u.exec(textOf(value) ?? "") ?? [];
  return seconds === undefined
    ? invalid("Invalid value at 'lifetime' (type.googleapis.com/google.protobuf.Duration).")
    : Number(seconds);
}

/** An empty scope means cloud-platform; an unknown one is refused. Both were measured. */
function scopesOf(scopes: readonly string[]): readonly string[] {
  if (scopes.length === 0) invalid("The scope is required.");
  const foreign = scopes.find((scope) => scope !== "" && !scopePattern.test(scope));
  if (foreign !== undefined) invalid(`Invalid scope: ${foreign.slice(0, 200)}.`);
  return scopes.map((scope) => (scope === "" ? cloudPlatform : scope));
}

/** The account of a delegate: an address, or `projects/-/serviceAccounts/` plus address. */
function delegateOf(call: ApiCall, name: string): string {
  const email = name.replace(/^projects\/-\/serviceAccounts\//u, "");
  return findAccount(call.project, email)?.email ?? email;
}

/** Evaluates the rules for one step of the chain: whether `members` may have the token of an account. */
function checkStep(
  call: ApiCall,
  members: readonly string[],
  email: string,
  lifetime: number,
): ServiceAccount {
  const { project, now } = call;
  const account = findAccount(project, email);
  const roles = rolesWith(permission);
  const tokenCreators =
    account === undefined
      ? []
      : [adminMember, ...[account.policy, project.policy].flatMap((policy) => policy.membersOf(roles, now))];
  const reports = explainImpersonation({
    email,
    members,
    account: account && { disabled: account.disabled, tokenCreators },
    lifetime,
    maxLifetime,
  });
  const refused = reports.find(({ outcome }) => outcome === "refused")?.refusal;
  if (refused !== undefined) {
    if (refused.code === "PERMISSION_DENIED")
      throw permissionDenied(permission, email, refused.message, refused);
    throw refusal("INVALID_ARGUMENT", refused.message, refused);
  }
  if (account === undefined) throw new TypeError(`there is no ${email}, and no rule said so`);
  return account;
}

/** `projects/-/serviceAccounts/EMAIL:generateAccessToken` of the IAM Service Account Credentials API. */
export function generateAccessToken(call: ApiCall): ApiReply {
  const { caller, now } = call;
  if (call.name("project") !== "-")
    invalid("The project of the service account must be the wildcard -.", {
      next: "Ask for projects/-/serviceAccounts/EMAIL:generateAccessToken.",
    });
  const email = call.name("account");
  call.trail.resource = `projects/-/serviceAccounts/${email}`;
  const body = call.json();
  const lifetime = lifetimeOf(body["lifetime"]);
  const scopes = scopesOf(textsField(body, "scope"));
  const delegates = textsField(body, "delegates").map((one) => delegateOf(call, one));
  const way = [...delegates, findAccount(call.project, email)?.email ?? email];
  let members = caller === undefined ? [] : membersOfCaller(caller);
  let last: ServiceAccount | undefined;
  for (const step of way) {
    last = checkStep(call, members, step, lifetime);
    members = membersOfCaller({ kind: "account", email: last.email });
  }
  if (last === undefined) throw new TypeError("a way has a last step");
  call.trail.rule = "impersonation-permitted";
  const expiresAt = now + lifetime * 1000;
  const accessToken = call.project.tokens.issue({
    caller: { kind: "account", email: last.email },
    scopes,
    expiresAt,
  });
  return { status: 200, body: { accessToken, expireTime: isoSeconds(expiresAt) } };
}
