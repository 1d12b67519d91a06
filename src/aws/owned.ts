import { mapLimit } from "../base/index.ts";
import { awsTags, type Observed, type Resource } from "../plan/index.ts";
import { iamOf } from "./iam-call.ts";
import { deleteOidcProvider, oidcProviderNames } from "./oidc-provider-resource.ts";
import { type OidcProviderFacts, readOidcProvider, readOidcProviders } from "./oidc-provider.ts";
import { allPages } from "./pages.ts";
import { readRole, readRoleState, type RoleState } from "./role.ts";
import { deleteRole } from "./role-changes.ts";
import { roleNames } from "./role-resource.ts";
import type { AwsSession } from "./session.ts";

interface Whose {
  readonly stack: string;
  readonly account: string;
}

function ownedProvider(session: AwsSession, whose: Whose, arn: string): Resource<OidcProviderFacts> {
  return {
    ...oidcProviderNames(whose.account, arn),
    dependsOn: [],
    fingerprint: (state) => state,
    async read(signal): Promise<Observed<OidcProviderFacts>> {
      const state = await readOidcProvider(session, arn, signal);
      return state === undefined
        ? { exists: false }
        : { exists: true, state, owner: awsTags.ownerOf(state.tags, whose.stack) };
    },
    diff: () => ({ kind: "none", fields: [] }),
    apply: () => Promise.resolve(),
    delete: (_observed, work) => deleteOidcProvider(session, arn, work),
  };
}

function ownedRole(
  session: AwsSession,
  whose: Whose,
  name: string,
  providers: readonly string[],
): Resource<RoleState> {
  return {
    ...roleNames(whose.account, name),
    // Every role goes before the providers: none is ever left that trusts a provider somebody else may make.
    dependsOn: providers,
    fingerprint: (state) => state,
    async read(signal): Promise<Observed<RoleState>> {
      const state = await readRoleState(session, name, signal);
      return state === undefined
        ? { exists: false }
        : { exists: true, state, owner: awsTags.ownerOf(state.tags, whose.stack) };
    },
    diff: () => ({ kind: "none", fields: [] }),
    apply: () => Promise.resolve(),
    async delete(observed, work) {
      if (observed.exists) await deleteRole(iamOf(session, work.signal), observed.state);
    },
  };
}

async function listedNames(session: AwsSession, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const iam = iamOf(session, signal);
  const roles = await allPages(async (Marker) => {
    const answer = await iam.read("listing roles", (client, api, options) =>
      client.send(
        new api.ListRolesCommand({ MaxItems: 1000, ...(Marker === undefined ? {} : { Marker }) }),
        options,
      ),
    );
    return { items: answer?.Roles, marker: answer?.Marker };
  });
  return roles.map(({ RoleName }) => RoleName ?? "");
}

/**
 * Everything in an account that carries a stack's mark, as resources that can be read and deleted, whether the
 * config still names it or not. IAM lists no tags, so each role is read; AWS's own service roles are passed over.
 */
export async function ownedResources(
  session: AwsSession,
  whose: Whose,
  signal?: AbortSignal,
): Promise<readonly Resource[]> {
  const isOurs = (tags: OidcProviderFacts["tags"]): boolean =>
    awsTags.ownerOf(tags, whose.stack).kind === "ours";
  const providers = (await readOidcProviders(session, signal)).filter(({ tags }) => isOurs(tags));
  const ids = providers.map(({ arn }) => oidcProviderNames(whose.account, arn).id);
  const names = (await listedNames(session, signal)).filter((name) => !name.startsWith("AWSServiceRoleFor"));
  const roles = await mapLimit(names, (name) => readRole(session, name, signal));
  return [
    ...providers.map(({ arn }) => ownedProvider(session, whose, arn) as Resource),
    ...roles.flatMap((role) =>
      role !== undefined && isOurs(role.tags) ? [ownedRole(session, whose, role.name, ids) as Resource] : [],
    ),
  ];
}
