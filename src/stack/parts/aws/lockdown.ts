import { errorText, mapLimit, PodtrustError } from "../../../core/base/index.ts";
import type { AwsConfig, RoleConfig } from "../../../config/index.ts";
import {
  type AwsSession,
  cutRole,
  type Lockdown,
  lockdownSteps,
  readRoleState,
  reopeningSteps,
  roleOwner,
} from "../../../providers/aws/index.ts";

/** What became of a role that was to be closed or opened. */
export interface LockedRole {
  readonly role: string;
  /** NAMESPACE/NAME, those that become it. */
  readonly serviceAccounts: readonly string[];
  /** It is not there, or carries another's mark: it stays as it is. */
  readonly outcome: "done" | "absent" | "not-ours" | "failed";
  /** Why it failed, as a sentence. */
  readonly why?: string;
}

/** What became of the roles of one account. */
export interface RolesLocked {
  readonly roles: readonly LockedRole[];
  /** Names of roles that trust the issuer and are none of the config's; undefined where they could not be listed. */
  readonly others: readonly string[] | undefined;
}

interface Place {
  readonly session: AwsSession;
  readonly stack: string;
  readonly account: AwsConfig;
}

async function lockRole(
  { session, stack }: Place,
  role: RoleConfig,
  lockdown: Lockdown | undefined,
  signal: AbortSignal,
): Promise<LockedRole["outcome"]> {
  const state = await readRoleState(session, role.name, signal);
  if (state === undefined) return "absent";
  if (roleOwner(state, stack).kind !== "ours") return "not-ours";
  const steps = lockdown === undefined ? reopeningSteps(state) : lockdownSteps(state, lockdown);
  if (steps === undefined) {
    throw new PodtrustError("policy-malformed", `the trust policy of role ${role.name} cannot be read`, {
      detail: { name: role.name },
    });
  }
  await cutRole(session, role.name, steps, signal);
  return "done";
}

/**
 * Keeps a thief out of the roles of one account for a time; without a lockdown takes that back. One role that cannot be changed
 * keeps none of the others from it. Throws only the signal's reason.
 */
export function lockRoles(
  place: Place,
  lockdown: Lockdown | undefined,
  signal: AbortSignal,
): Promise<readonly LockedRole[]> {
  return mapLimit(
    place.account.roles,
    async (role): Promise<LockedRole> => {
      const { name, serviceAccounts, subjectPatterns } = role;
      const one = { role: name, serviceAccounts: [...serviceAccounts, ...subjectPatterns] };
      try {
        return { ...one, outcome: await lockRole(place, role, lockdown, signal) };
      } catch (error) {
        signal.throwIfAborted();
        return { ...one, outcome: "failed", why: errorText(error) };
      }
    },
    4,
  );
}
