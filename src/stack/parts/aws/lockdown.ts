import { errorText, mapLimit, PodtrustError } from "../../../core/base/index.ts";
import type { AwsConfig } from "../../../config/index.ts";
import {
  type AwsSession,
  cutRole,
  type Lockdown,
  lockdownSteps,
  readRoleState,
  reopeningSteps,
  roleOwner,
  type RoleState,
} from "../../../providers/aws/index.ts";
import { markedBinding } from "../../../rules/bindings/index.ts";
import { awsTags } from "../../../rules/plan/index.ts";

/** A role that a lockdown covers: of a config, or of one of its stack's bindings. */
export interface LockableRole {
  readonly role: string;
  /** NAMESPACE/NAME of the ServiceAccounts that become it. */
  readonly serviceAccounts: readonly string[];
  /** Its owner by its tags, if it is ours: the stack, or the binding. */
  readonly mark: string;
}

/** Result for a role that was to be closed or opened. */
export interface LockedRole extends Omit<LockableRole, "mark"> {
  /** It does not exist, or carries another owner's mark: it is left unchanged. */
  readonly outcome: "done" | "absent" | "not-ours" | "failed";
  /** Why it failed, as a sentence. */
  readonly why?: string;
}

/** Results for the roles of one account. */
export interface RolesLocked {
  readonly roles: readonly LockedRole[];
  /**
   * Names of roles that trust the issuer and are neither the config's nor a binding's; undefined if they could not be
   * listed.
   */
  readonly others: readonly string[] | undefined;
}

/** The roles of a config. */
export function configRoles(stack: string, { roles }: Pick<AwsConfig, "roles">): readonly LockableRole[] {
  return roles.map(({ name, serviceAccounts, subjectPatterns }) => ({
    role: name,
    serviceAccounts: [...serviceAccounts, ...subjectPatterns],
    mark: stack,
  }));
}

/** A role that the operator made for a binding of the stack's cluster; undefined for any other. */
export function boundRole(stack: string, { name, tags }: RoleState): LockableRole | undefined {
  const mark = awsTags.stackOf(tags) ?? "";
  const whose = markedBinding({ stack }, mark);
  if (whose === undefined) return undefined;
  return { role: name, serviceAccounts: [`${whose.namespace}/${whose.name}`], mark };
}

async function lockRole(
  session: AwsSession,
  { role, mark }: LockableRole,
  lockdown: Lockdown | undefined,
  signal: AbortSignal,
): Promise<LockedRole["outcome"]> {
  const state = await readRoleState(session, role, signal);
  if (state === undefined) return "absent";
  if (roleOwner(state, mark).kind !== "ours") return "not-ours";
  const steps = lockdown === undefined ? reopeningSteps(state) : lockdownSteps(state, lockdown);
  if (steps === undefined) {
    throw new PodtrustError("policy-malformed", `the trust policy of role ${role} cannot be read`, {
      detail: { name: role },
    });
  }
  await cutRole(session, role, steps, signal);
  return "done";
}

/**
 * Closes the roles of one account to stolen tokens for a time; without a lockdown takes that back. A role that cannot
 * be changed does not stop the others. Throws only the signal's reason.
 */
export function lockRoles(
  session: AwsSession,
  roles: readonly LockableRole[],
  lockdown: Lockdown | undefined,
  signal: AbortSignal,
): Promise<readonly LockedRole[]> {
  return mapLimit(
    roles,
    async (one): Promise<LockedRole> => {
      const { role, serviceAccounts } = one;
      const whose = { role, serviceAccounts };
      try {
        return { ...whose, outcome: await lockRole(session, one, lockdown, signal) };
      } catch (error) {
        signal.throwIfAborted();
        return { ...whose, outcome: "failed", why: errorText(error) };
      }
    },
    4,
  );
}
