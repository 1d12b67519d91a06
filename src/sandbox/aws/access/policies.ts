import { defined, mapped } from "../../../core/base/index.ts";
import { type NamedPolicy, parsePolicy, type PolicyKind } from "../../../rules/trust/index.ts";
import { managedPolicyText } from "../iam/policy-store.ts";
import { type Account, roleKey } from "../state/account.ts";
import type { Role, Session } from "../state/records.ts";

/** All policies that apply to a session. */
export interface SessionPolicies {
  readonly identity: readonly NamedPolicy[];
  readonly boundary?: NamedPolicy;
  /** Absent: the session has no policies of its own, and so no limit from them. */
  readonly session?: readonly NamedPolicy[];
}

function named(name: string, text: string, kind: PolicyKind): NamedPolicy {
  return { name, document: parsePolicy(text, kind) };
}

function managed(account: Account, arn: string, kind: PolicyKind): NamedPolicy | undefined {
  const text = managedPolicyText(account, arn);
  return text === undefined ? undefined : named(arn, text, kind);
}

function identityPolicies(account: Account, role: Role): NamedPolicy[] {
  const inline = Object.entries(role.inline).map(([name, text]) => named(`inline:${name}`, text, "identity"));
  const attached = role.attached.flatMap((arn) => managed(account, arn, "identity") ?? []);
  return [...inline, ...attached];
}

// A boundary that was deleted although a role uses it allows nothing.
function boundaryPolicy(account: Account, arn: string): NamedPolicy {
  return (
    managed(account, arn, "boundary") ?? { name: arn, document: { version: "2012-10-17", statements: [] } }
  );
}

/** The current policies of a role's session. A role that was deleted, or recreated under the same name, has none for it. */
export function policiesOf(account: Account, session: Session): SessionPolicies {
  const { of: owner } = session;
  const role = owner.kind === "role" ? account.roles.get(roleKey(owner.roleName)) : undefined;
  if (owner.kind !== "role" || role === undefined || role.id !== owner.roleId) return { identity: [] };
  const own = session.policies.map(({ name, document }) => named(name, document, "session"));
  return {
    identity: identityPolicies(account, role),
    ...defined({ boundary: mapped(role.boundary, (boundary) => boundaryPolicy(account, boundary)) }),
    ...(own.length === 0 ? {} : { session: own }),
  };
}
