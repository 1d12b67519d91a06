import type { RoleState } from "../../providers/aws/index.ts";
import {
  type Binding,
  decide,
  type GrantedRole,
  readBinding,
  readTrust,
  type Trust,
  type TrustAccount,
} from "../../rules/bindings/index.ts";
import { readArn } from "../../rules/oidc/index.ts";
import type { LookResult } from "../../stack/index.ts";
import type { ResourceDrift, TokenExchange } from "../../stack/parts/index.ts";
import type { BindingRules, RightRules } from "./engine/row.ts";
import { rolesOf, type RoleStatus, writtenRoles } from "./role-status.ts";

/** What was seen of one role of a binding. */
export interface ObservedRole {
  readonly granted: GrantedRole;
  readonly look: LookResult<ResourceDrift<RoleState>>;
  readonly exchange?: LookResult<TokenExchange>;
}

/** The engine's types, of AWS. */
export interface RoleTypes {
  readonly trust: Trust;
  readonly binding: Binding;
  readonly granted: readonly GrantedRole[];
  readonly right: RoleStatus;
  readonly seen: readonly ObservedRole[];
}

/** The accounts in which podtrust makes roles. */
function managedIn(roles: readonly GrantedRole[]): readonly TrustAccount[] {
  const accounts = roles.filter(({ managed }) => managed !== undefined).map(({ account }) => account);
  return [...new Map(accounts.map((one) => [one.id, one])).values()];
}

/** What is read and decided of AWS's objects. */
export const roleRules: BindingRules<RoleTypes> = {
  party: "aws",
  readTrust,
  readBinding,
  decide(binding, trust) {
    const decision = decide(binding, trust);
    return decision.kind === "granted" ? { granted: decision.roles } : { refusals: decision.refusals };
  },
  counting: { of: (trust) => trust, isCounted: () => true, what: "managed roles", field: "maxRoles" },
  grantsOf: (roles) => roles.map(({ grant }) => grant),
  placesOf: (_trust, roles) => managedIn(roles),
};

/** How roles stand in a status, and what is judged of them. */
export const roleRights: RightRules<RoleTypes> = {
  read: rolesOf,
  written: writtenRoles,
  // An earlier binding of the same name may have left roles that this one does not know.
  known: "by their mark",
  asked: ({ granted }) =>
    granted.map(({ profile, arn, managed }) => {
      return { profile, arn, managed: managed !== undefined, isPending: true };
    }),
  isMade: ({ managed }) => managed,
  isSame: (one, other) => one.arn === other.arn,
  isOpen: () => true,
  // Which roles are podtrust's own is known by a look at the account: the plan of what is made refuses them.
  reserved: () => undefined,
  scopeId: ({ arn }) => readArn(arn).account,
  kept: ({ arn }, why) => `${arn}: ${why}`,
};
