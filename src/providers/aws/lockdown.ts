import { isoTime } from "../../core/base/index.ts";
import {
  parsePolicy,
  type PolicyDocument,
  PolicyError,
  policyText,
  readPolicy,
  type Statement,
} from "../../rules/trust/index.ts";
import type { RoleState } from "./role.ts";
import type { DesiredRole } from "./role-fields.ts";
import type { Cut } from "./role-cut.ts";
import type { RoleStep } from "./role-steps.ts";
import { samePolicy } from "./same-policy.ts";
import { trustedProviders } from "./trust-policy.ts";

/**
 * What keeps the thief of a key out of a role, for a time. Each part holds until a moment that is written in its
 * policy, so that IAM itself ends it, whatever happens to the machine that set it. Milliseconds since the epoch.
 */
export interface Lockdown {
  /** No token of an OIDC provider is accepted until then. */
  readonly closedUntil?: number;
  readonly revoked?: Revocation;
}

/** Sessions that are revoked. */
export interface Revocation {
  /** Those that were begun before. */
  readonly begunBefore: number;
  /** No such session lasts longer. */
  readonly until: number;
}

const closedSid = "PodtrustClosedAfterTheft";
const revocationName = "PodtrustRevokedAfterTheft";

// A longer one is not ours: a lockdown need not outlast more than caches and sessions.
const maxMs = 30 * 86_400_000;

function closedStatement(providers: readonly string[], until: number): Statement {
  const { statements } = parsePolicy(
    JSON.stringify({
      Version: "2012-10-17",
      Statement: {
        Sid: closedSid,
        Effect: "Deny",
        Principal: { Federated: providers },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { DateLessThan: { "aws:CurrentTime": isoTime(until) } },
      },
    }),
    "trust",
  );
  const [statement] = statements;
  if (statement === undefined) throw new TypeError("a policy without its statement");
  return statement;
}

/** Denies everything to older sessions, as IAM's own console does it, and until these are over (`aws:TokenIssueTime`). */
function revocationText({ begunBefore, until }: Revocation): string {
  const DateLessThan = { "aws:TokenIssueTime": isoTime(begunBefore), "aws:CurrentTime": isoTime(until) };
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Deny", Action: "*", Resource: "*", Condition: { DateLessThan } }],
  });
}

const isDated = (until: number, now: number): boolean => until > now && until <= now + maxMs;

const dateOf = ({ conditions }: Statement, name: string): number => {
  const [value = ""] = conditions.find(({ key }) => key === name)?.values ?? [];
  return Date.parse(value);
};

/** Until when a trust policy is closed by our statement, and by no other; undefined where it is not. */
function closedUntil(trustPolicy: string): number | undefined {
  const read = readPolicy(trustPolicy, "trust");
  if (read instanceof PolicyError) return undefined;
  const statement = read.statements.find(({ sid }) => sid === closedSid);
  if (statement === undefined) return undefined;
  const until = dateOf(statement, "aws:CurrentTime");
  const providers = statement.principals?.Federated ?? [];
  if (Number.isNaN(until) || providers.length === 0) return undefined;
  const textOf = (one: Statement): string => policyText({ version: "2012-10-17", statements: [one] });
  return samePolicy(textOf(statement), textOf(closedStatement(providers, until)), "trust")
    ? until
    : undefined;
}

function revocationOf(text: string | undefined): Revocation | undefined {
  if (text === undefined) return undefined;
  const read = readPolicy(text, "identity");
  if (read instanceof PolicyError) return undefined;
  const [statement] = read.statements;
  if (statement === undefined) return undefined;
  const begunBefore = dateOf(statement, "aws:TokenIssueTime");
  const until = dateOf(statement, "aws:CurrentTime");
  if (Number.isNaN(begunBefore + until)) return undefined;
  const found = { begunBefore, until };
  // Any other policy of this name is not our revocation.
  return samePolicy(text, revocationText(found), "identity") ? found : undefined;
}

/** The part of a lockdown that is still in force on a role. */
function lockdownOf(role: Pick<RoleState, "trustPolicy" | "inline">, now: number): Lockdown {
  const closed = closedUntil(role.trustPolicy);
  const revoked = revocationOf(role.inline[revocationName]);
  return {
    ...(closed !== undefined && isDated(closed, now) ? { closedUntil: closed } : {}),
    ...(revoked !== undefined && isDated(revoked.until, now) ? { revoked } : {}),
  };
}

/** Names of the inline policies that a lockdown has on a role. */
export function lockdownPolicies(role: Pick<RoleState, "trustPolicy" | "inline">, now: number): string[] {
  return lockdownOf(role, now).revoked === undefined ? [] : [revocationName];
}

function withoutClosing(trustPolicy: string): PolicyDocument | undefined {
  const document = readPolicy(trustPolicy, "trust");
  if (document instanceof PolicyError) return undefined;
  return { ...document, statements: document.statements.filter(({ sid }) => sid !== closedSid) };
}

/**
 * The same, closed; undefined where it cannot be read. A policy that trusts no OIDC provider lets no token in, and
 * stays as it is.
 */
function closing(trustPolicy: string, until: number): string | undefined {
  const open = withoutClosing(trustPolicy);
  const providers = trustedProviders(trustPolicy);
  if (open === undefined || providers.length === 0) return open && trustPolicy;
  return policyText({ ...open, statements: [...open.statements, closedStatement(providers, until)] });
}

/**
 * The desired role while a lockdown is on it: the same, with the lockdown. So neither a plan nor a binding removes it
 * early, and both remove what is left of it afterwards.
 */
export function withLockdown(desired: DesiredRole, before: RoleState, now: number): DesiredRole {
  const { closedUntil: until, revoked } = lockdownOf(before, now);
  const { trustPolicy, inline } = desired;
  return {
    ...desired,
    trustPolicy: (until === undefined ? undefined : closing(trustPolicy, until)) ?? trustPolicy,
    inline: revoked === undefined ? inline : { ...inline, [revocationName]: revocationText(revoked) },
  };
}

/** The steps that put a lockdown on a role. Each can only take rights away. Undefined for a trust policy that cannot be read. */
export function lockdownSteps(role: RoleState, { closedUntil: until, revoked }: Lockdown): Cut | undefined {
  const narrowing: RoleStep[] = [];
  if (until !== undefined) {
    const document = closing(role.trustPolicy, until);
    if (document === undefined) return undefined;
    narrowing.push({ kind: "set-trust", document });
  }
  if (revoked !== undefined)
    narrowing.push({ kind: "put-inline", name: revocationName, document: revocationText(revoked) });
  return { narrowing, afterwards: [] };
}

/** The steps that remove it again, whether it is still in force or not; none where there is none. */
export function reopeningSteps(role: RoleState): Cut {
  const open = closedUntil(role.trustPolicy) === undefined ? undefined : withoutClosing(role.trustPolicy);
  const afterwards: RoleStep[] = [];
  if (open !== undefined && open.statements.length > 0)
    afterwards.push({ kind: "set-trust", document: policyText(open) });
  if (revocationOf(role.inline[revocationName]) !== undefined)
    afterwards.push({ kind: "delete-inline", name: revocationName });
  return { narrowing: [], afterwards };
}
