import type { Observed, Resource, StackOwner } from "../../rules/plan/index.ts";
import { isAwsCode } from "./failure.ts";
import { iamOf } from "./iam-call.ts";
import { deleteOidcProvider, observedProvider, oidcProviderNames } from "./oidc-provider-resource.ts";
import { type OidcProviderFacts, readOidcProvider } from "./oidc-provider.ts";
import { type IamRole, type PoliciesOnRole, readRole, readRoleState, type RoleState } from "./role.ts";
import { deleteRole } from "./role-changes.ts";
import { otherIssuers, roleNames, roleOwner } from "./role-resource.ts";
import type { AwsSession } from "./session.ts";

interface StackAccount extends StackOwner {
  readonly account: string;
}

/** An OIDC provider that can be found and deleted, whatever the config says of it. */
export function providerToDelete(
  session: AwsSession,
  within: StackAccount,
  arn: string,
): Resource<OidcProviderFacts> {
  return {
    ...oidcProviderNames(within.account, arn),
    dependsOn: [],
    fingerprint: (facts) => facts,
    issuers: ({ url }) => [`https://${url}`],
    async read(signal) {
      return observedProvider(await readOidcProvider(session, arn, signal), within);
    },
    diff: () => ({ kind: "none", fields: [] }),
    apply: () => Promise.resolve(),
    delete: (_observed, work) => deleteOidcProvider(session, arn, work),
  };
}

const noPolicies: PoliciesOnRole = { policies: [], inline: {} };

/**
 * A role that can be found and deleted, whatever the config says of it. It is found by one call; what is `known` of
 * the policies on it is taken off without asking for them again, if it is the same role by its id, and where there are
 * others, all are read.
 */
export function roleToDelete(
  session: AwsSession,
  within: StackAccount,
  role: {
    readonly name: string;
    readonly known?: RoleState | undefined;
    readonly dependsOn?: readonly string[];
    /** As `RoleSpec.providers`. */
    readonly providers?: readonly string[];
  },
): Resource<IamRole> {
  const { name, known, dependsOn = [], providers } = role;
  return {
    ...roleNames(within.account, name),
    isRight: true,
    dependsOn,
    fingerprint: ({ id, tags }) => [id, tags],
    issuers: (state) => otherIssuers(state, within, []),
    async read(signal): Promise<Observed<IamRole>> {
      const state = await readRole(session, name, signal);
      if (state === undefined) return { exists: false };
      return { exists: true, state, owner: roleOwner(state, within, providers) };
    },
    diff: () => ({ kind: "none", fields: [] }),
    apply: () => Promise.resolve(),
    async delete(observed, { signal }) {
      if (!observed.exists) return;
      const iam = iamOf(session, signal);
      try {
        const { policies, inline } = known?.id === observed.state.id ? known : noPolicies;
        await deleteRole(iam, { ...observed.state, policies, inline });
      } catch (error) {
        if (!(error instanceof Error && isAwsCode(error.cause, "DeleteConflict"))) throw error;
        const now = await readRoleState(session, name, signal);
        // Another role of this name was made meanwhile, or somebody else's mark is on it now: neither is this one.
        const isSame = now?.id === observed.state.id;
        if (isSame && roleOwner(now, within, providers).kind === observed.owner.kind)
          await deleteRole(iam, now);
      }
    },
  };
}
