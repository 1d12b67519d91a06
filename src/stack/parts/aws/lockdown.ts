import { errorText, mapLimit, PodtrustError } from "../../../core/base/index.ts";
import type { AwsConfig } from "../../../config/index.ts";
import {
  type AwsSession,
  cutRole,
  type Lockdown,
  lockdownSteps,
  readRoleState,
  reopeningSteps,
  type Revocation,
  roleOwner,
  type RoleState,
  trustsProvider,
} from "../../../providers/aws/index.ts";
import { markedBinding } from "../../../rules/bindings/index.ts";
import { awsTags, type StackOwner, namedStack } from "../../../rules/plan/index.ts";

/** A role that a lockdown covers: of a config, of one of its stack's bindings, or any other that trusts the issuer. */
export interface LockableRole {
  readonly role: string;
  /** NAMESPACE/NAME of the ServiceAccounts that become it, as far as they are known. */
  readonly serviceAccounts: readonly string[];
  /** Its owner by its tags, if it is ours: the stack, or the binding. Absent: somebody else's. */
  readonly mark?: StackOwner;
}

/** Result for a role that was to be closed or opened. */
export interface LockedRole extends Omit<LockableRole, "mark"> {
  /** It does not exist; or it carries another owner's mark, and trusts another issuer: it is left unchanged. */
  readonly outcome: "done" | "absent" | "not-ours" | "failed";
  /** Why it failed, as a sentence. */
  readonly why?: string;
}

/** Results for the roles of one account, in the order in which they were changed. */
export interface RolesLocked {
  readonly roles: readonly LockedRole[];
  /** Whether AWS's own list was read: else roles that neither the config nor a binding names are as they were. */
  readonly isWhole: boolean;
}

/** What is to be done to roles: a lockdown, or opening those that are closed, with sessions from before revoked. */
export type RoleChange = { readonly lockdown: Lockdown } | { readonly reopen: Revocation };

/** The roles of a config. */
export function configRoles(mark: StackOwner, { roles }: Pick<AwsConfig, "roles">): readonly LockableRole[] {
  return roles.map(({ name, serviceAccounts, subjectPatterns }) => ({
    role: name,
    serviceAccounts: [...serviceAccounts, ...subjectPatterns],
    mark,
  }));
}

/** A role that the operator made for a binding of the stack's cluster; undefined for any other. */
export function boundRole(stack: string, { name, tags }: RoleState): LockableRole | undefined {
  const mark = awsTags.stackOf(tags) ?? "";
  const whose = markedBinding({ stack }, mark);
  if (whose === undefined) return undefined;
  return { role: name, serviceAccounts: [`${whose.namespace}/${whose.name}`], mark: namedStack(mark) };
}

/** What a change is made to: an account's session, and the issuer's OIDC provider there. */
export interface LockContext {
  readonly session: AwsSession;
  readonly providerArn: string;
  readonly change: RoleChange;
  readonly signal: AbortSignal;
}

async function lockRole(
  { session, providerArn, change, signal }: LockContext,
  { role, mark }: LockableRole,
): Promise<LockedRole["outcome"]> {
  const state = await readRoleState(session, role, signal);
  if (state === undefined) return "absent";
  const isOurs = mark !== undefined && roleOwner(state, mark).kind === "ours";
  // Whoever's it is: a token of the issuer gets in.
  if (!isOurs && !trustsProvider(state.trustPolicy, providerArn)) return "not-ours";
  const steps =
    "reopen" in change ? reopeningSteps(state, change.reopen) : lockdownSteps(state, change.lockdown);
  if (steps === undefined) {
    throw new PodtrustError("policy-malformed", `the trust policy of role ${role} cannot be read`, {
      detail: { name: role },
    });
  }
  await cutRole(session, role, steps, signal);
  return "done";
}

/**
 * Closes roles of one account to stolen tokens, or opens them. A role that cannot be changed does not stop the others. Throws
 * only the signal's reason.
 */
export function lockRoles(
  context: LockContext,
  roles: readonly LockableRole[],
): Promise<readonly LockedRole[]> {
  return mapLimit(
    roles,
    async (one): Promise<LockedRole> => {
      const { role, serviceAccounts } = one;
      const whose = { role, serviceAccounts };
      try {
        return { ...whose, outcome: await lockRole(context, one) };
      } catch (error) {
        context.signal.throwIfAborted();
        return { ...whose, outcome: "failed", why: errorText(error) };
      }
    },
    4,
  );
}
