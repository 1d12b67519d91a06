import { type Observed, ownerOf, type Resource } from "../plan/index.ts";
import { iamOf } from "./iam-call.ts";
import { deleteOidcProvider, oidcProviderId } from "./oidc-provider-resource.ts";
import { type OidcProviderFacts, readOidcProvider, readOidcProviders } from "./oidc-provider.ts";
import { allPages } from "./pages.ts";
import { readRole, readRoleState, type RoleState } from "./role.ts";
import { deleteRole } from "./role-changes.ts";
import { roleId } from "./role-resource.ts";
import type { AwsSession } from "./session.ts";

// An account has up to a thousand roles, and each is asked for; IAM throttles who asks for all of them at once.
const readsAtOnce = 8;

interface Whose {
  readonly stack: string;
  readonly account: string;
}

function ownedProvider(session: AwsSession, whose: Whose, arn: string): Resource<OidcProviderFacts> {
  return {
    id: oidcProviderId(whose.account, arn),
    link: "provider",
    dependsOn: [],
    async read(signal): Promise<Observed<OidcProviderFacts>> {
      const state = await readOidcProvider(session, arn, signal);
      return state === undefined
        ? { exists: false }
        : { exists: true, state, owner: ownerOf(state.tags, whose.stack) };
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
    id: roleId(whose.account, name),
    link: "trust",
    // Every role goes before the providers: none is ever left that trusts a provider somebody else may make.
    dependsOn: providers,
    async read(signal): Promise<Observed<RoleState>> {
      const state = await readRoleState(session, name, signal);
      return state === undefined
        ? { exists: false }
        : { exists: true, state, owner: ownerOf(state.tags, whose.stack) };
    },
    diff: () => ({ kind: "none", fields: [] }),
    apply: () => Promise.resolve(),
    async delete(observed, work) {
      if (observed.exists) await deleteRole(iamOf(session, work.signal), observed.state);
    },
  };
}

async function roleNames(session: AwsSession, signal: AbortSignal | undefined): Promise<readonly string[]> {
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
  const isOurs = (tags: OidcProviderFacts["tags"]): boolean => ownerOf(tags, whose.stack).kind === "ours";
  const providers = (await readOidcProviders(session, signal)).filter(({ tags }) => isOurs(tags));
  const ids = providers.map(({ arn }) => oidcProviderId(whose.account, arn));
  const names = (await roleNames(session, signal)).filter((name) => !name.startsWith("AWSServiceRoleFor"));
  const roles = new Map<string, Resource>();
  const queue = [...names];
  const worker = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const role = await readRole(session, name, signal);
      if (role !== undefined && isOurs(role.tags)) roles.set(name, ownedRole(session, whose, name, ids));
    }
  };
  await Promise.all(Array.from({ length: readsAtOnce }, worker));
  return [
    ...providers.map(({ arn }) => ownedProvider(session, whose, arn) as Resource),
    ...names.flatMap((name) => roles.get(name) ?? []),
  ];
}
