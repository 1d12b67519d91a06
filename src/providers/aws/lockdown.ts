import { defined, isoTime, mapped } from "../../core/base/index.ts";
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

/** What keeps the thief of a key out of a role. Milliseconds since the epoch. */
export interface Lockdown {
  /**
   * No token of an OIDC provider is accepted, and every session is denied everything, also one that began while IAM still
   * spread the first. No time opens the role: a person does.
   */
  readonly closed?: true;
  readonly revoked?: Revocation;
}

/** Sessions that are revoked. */
export interface Revocation {
  /** Those that were begun before. */
  readonly begunBefore: number;
  /** No such session lasts longer. */
  readonly until: number;
}

/** The mark of a closed role: the Sid of a statement of its trust policy, and the name of an inline policy. */
const closedMark = "PodtrustClosedAfterTheft";
const revocationName = "PodtrustRevokedAfterTheft";

// A longer one is not ours: a revocation need not outlast sessions.
const maxMs = 30 * 86_400_000;

function closedStatement(providers: readonly string[]): Statement {
  const { statements } = parsePolicy(
    JSON.stringify({
      Version: "2012-10-17",
      Statement: {
        Sid: closedMark,
        Effect: "Deny",
        Principal: { Federated: providers },
        Action: "sts:AssumeRoleWithWebIdentity",
      },
    }),
    "trust",
  );
  const [statement] = statements;
  if (statement === undefined) throw new TypeError("a policy without its statement");
  return statement;
}

const closedText = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Deny", Action: "*", Resource: "*" }],
});

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

/** A statement with our mark that lets nobody in; one with a date, as podtrust wrote it before, stays closed too. */
const isClosing = ({ sid, effect }: Statement): boolean => sid === closedMark && effect === "Deny";

function hasClosedTrust(trustPolicy: string): boolean {
  const read = readPolicy(trustPolicy, "trust");
  return !(read instanceof PolicyError) && read.statements.some(isClosing);
}

// Any other policy of this name is not our closing.
const hasClosedPolicy = ({ inline }: Pick<RoleState, "inline">): boolean =>
  inline[closedMark] !== undefined && samePolicy(inline[closedMark], closedText, "identity");

/** Whether a role is closed after the theft of a key. Either mark is enough: a run may have ended between the two. */
export function isClosedAfterTheft(role: Pick<RoleState, "trustPolicy" | "inline">): boolean {
  return hasClosedTrust(role.trustPolicy) || hasClosedPolicy(role);
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
  const revoked = revocationOf(role.inline[revocationName]);
  return {
    ...(isClosedAfterTheft(role) ? { closed: true } : {}),
    ...(revoked !== undefined && isDated(revoked.until, now) ? { revoked } : {}),
  };
}

/** Names of the inline policies that a lockdown has on a role. */
export function lockdownPolicies(role: Pick<RoleState, "trustPolicy" | "inline">, now: number): string[] {
  return [
    ...(hasClosedPolicy(role) ? [closedMark] : []),
    ...(lockdownOf(role, now).revoked === undefined ? [] : [revocationName]),
  ];
}

function withoutClosing(trustPolicy: string): PolicyDocument | undefined {
  const document = readPolicy(trustPolicy, "trust");
  if (document instanceof PolicyError) return undefined;
  return { ...document, statements: document.statements.filter((one) => !isClosing(one)) };
}

/**
 * The same, closed; undefined where it cannot be read. A policy that trusts no OIDC provider lets no token in, and
 * stays as it is.
 */
function closing(trustPolicy: string): string | undefined {
  const open = withoutClosing(trustPolicy);
  const providers = trustedProviders(trustPolicy);
  if (open === undefined || providers.length === 0) return open && trustPolicy;
  return policyText({ ...open, statements: [...open.statements, closedStatement(providers)] });
}

/**
 * The desired role while a lockdown is on it: the same, with the lockdown. So neither a plan nor a binding opens it, and
 * both remove what is left of a revocation afterwards.
 */
export function withLockdown(desired: DesiredRole, before: RoleState, now: number): DesiredRole {
  const { closed, revoked } = lockdownOf(before, now);
  const { trustPolicy, inline } = desired;
  return {
    ...desired,
    trustPolicy: (closed === undefined ? undefined : closing(trustPolicy)) ?? trustPolicy,
    inline: {
      ...inline,
      ...defined({
        [closedMark]: mapped(closed, () => closedText),
        [revocationName]: mapped(revoked, revocationText),
      }),
    },
  };
}

/** The steps that put a lockdown on a role. Each can only take rights away. Undefined for a trust policy that cannot be read. */
export function lockdownSteps(role: RoleState, { closed, revoked }: Lockdown): Cut | undefined {
  const narrowing: RoleStep[] = [];
  if (closed !== undefined) {
    const document = closing(role.trustPolicy);
    if (document === undefined) return undefined;
    narrowing.push(
      { kind: "set-trust", document },
      { kind: "put-inline", name: closedMark, document: closedText },
    );
  }
  if (revoked !== undefined)
    narrowing.push({ kind: "put-inline", name: revocationName, document: revocationText(revoked) });
  return { narrowing, afterwards: [] };
}

/**
 * The steps that open a closed role again; none for one that is not. Sessions from before are denied everything by their time
 * before the closing goes, so that none of the thief's is let in between.
 */
export function reopeningSteps(role: RoleState, revoked: Revocation): Cut {
  if (!isClosedAfterTheft(role)) return { narrowing: [], afterwards: [] };
  const open = hasClosedTrust(role.trustPolicy) ? withoutClosing(role.trustPolicy) : undefined;
  return {
    narrowing: [{ kind: "put-inline", name: revocationName, document: revocationText(revoked) }],
    afterwards: [
      ...(hasClosedPolicy(role) ? [{ kind: "delete-inline", name: closedMark } as const] : []),
      ...(open === undefined || open.statements.length === 0
        ? []
        : [{ kind: "set-trust", document: policyText(open) } as const]),
    ],
  };
}
