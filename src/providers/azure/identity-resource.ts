import { PodtrustError, recordOf, textOf } from "../../core/base/index.ts";
import {
  azureTags,
  type Observed,
  type Owner,
  type Resource,
  type StackOwner,
} from "../../rules/plan/index.ts";
import { azureGuid } from "../../rules/oidc/index.ts";
import type { ApiCall } from "../../core/http/index.ts";
import type { AzureApi } from "./api.ts";
import { azureError, invalidAnswer, isNotFound } from "./vendor.ts";
import {
  groupPath,
  type ResourceGroupRef,
  identitiesPath,
  identityNames,
  identityPath,
  subscriptionIdentitiesPath,
} from "./resource-paths.ts";
import { settle, type AzureStep } from "./settle.ts";

/** The desired identity. */
export interface IdentitySpec extends StackOwner {
  readonly group: ResourceGroupRef;
  readonly name: string;
  /** Absent: the resource group's. It never changes. */
  readonly location?: string;
}

/** A user-assigned managed identity. */
export interface IdentityState {
  readonly name: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  /** For AZURE_CLIENT_ID. */
  readonly clientId: string;
  /** The object id that role assignments name. */
  readonly principalId: string;
}

/** The newest that is documented for identities and their credentials ("Microsoft.ManagedIdentity", REST). */
export const identityVersion = { "api-version": "2024-11-30" };

const isId = (text: string | undefined): text is string => azureGuid.test(text ?? "");

function shapeOf(value: unknown, what: string): IdentityState {
  const { name, location, tags, properties } = recordOf(value);
  const { clientId, principalId } = recordOf(properties);
  const ids = [textOf(clientId), textOf(principalId)];
  const [client, principal] = ids;
  // The name becomes a path.
  if (typeof name !== "string" || !/^[\w-]{3,128}$/u.test(name)) throw invalidAnswer(what, "it has no name");
  if (!isId(client) || !isId(principal)) throw invalidAnswer(what, "an identity has no ids");
  const texts = Object.entries(recordOf(tags)).filter((one): one is [string, string] => {
    const [, text] = one;
    return typeof text === "string";
  });
  return {
    name,
    location: textOf(location) ?? "",
    tags: Object.fromEntries(texts),
    clientId: client.toLowerCase(),
    principalId: principal.toLowerCase(),
  };
}

/** All identities of a resource group. Throws `azure-*`. */
export async function listIdentities(
  api: AzureApi,
  group: ResourceGroupRef,
  signal: AbortSignal,
): Promise<readonly IdentityState[]> {
  const what = `listing the identities of ${group.resourceGroup}`;
  const call = { method: "GET", path: identitiesPath(group), query: identityVersion, what } as const;
  try {
    return (await api.list(call, "value", signal)).map((one) => shapeOf(one, what));
  } catch (thrown) {
    throw azureError(thrown, what);
  }
}

/** Where an identity is. */
export interface IdentityPlacement {
  readonly group: ResourceGroupRef;
  readonly name: string;
}

/** All identities of a subscription, each with its group. Throws `azure-*`. */
export async function listSubscriptionIdentities(
  api: AzureApi,
  subscription: string,
  signal: AbortSignal,
): Promise<readonly IdentityPlacement[]> {
  const what = `listing the identities of subscription ${subscription}`;
  const path = subscriptionIdentitiesPath(subscription);
  try {
    return (await api.list({ method: "GET", path, query: identityVersion, what }, "value", signal)).map(
      (one) => {
        const { name } = shapeOf(one, what);
        // The group becomes a path ("Naming rules for Azure resources", resource groups).
        const id = textOf(recordOf(one)["id"]) ?? "";
        const resourceGroup = /^\/subscriptions\/[^/]+\/resourcegroups\/([\w.()-]{1,90})\//iu.exec(id)?.[1];
        if (resourceGroup === undefined) throw invalidAnswer(what, "an identity has no group");
        return { group: { subscription, resourceGroup }, name };
      },
    );
  } catch (thrown) {
    throw azureError(thrown, what);
  }
}

/** One identity of a resource group; undefined where there is none. Throws `azure-*`. */
export async function readIdentity(
  api: AzureApi,
  { group, name }: Pick<IdentitySpec, "group" | "name">,
  signal: AbortSignal,
): Promise<IdentityState | undefined> {
  const what = `reading the identity ${name}`;
  try {
    const call = { method: "GET", path: identityPath(group, name), query: identityVersion, what } as const;
    return shapeOf(await api.read(call, signal), what);
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined;
    throw azureError(thrown, what);
  }
}

/** Where a resource group's own record is, which is where its identities are made by default. */
async function groupLocation(api: AzureApi, group: ResourceGroupRef, signal: AbortSignal): Promise<string> {
  const what = `reading the resource group ${group.resourceGroup}`;
  const query = { "api-version": "2021-04-01" };
  try {
    const { location } = await api.read({ method: "GET", path: groupPath(group), query, what }, signal);
    if (typeof location === "string" && location !== "") return location;
  } catch (thrown) {
    throw azureError(thrown, what);
  }
  throw invalidAnswer(what, "it has no location");
}

/** The owner of an identity, as a stack sees it. */
export function identityOwner({ tags }: IdentityState, stack: StackOwner): Owner {
  return azureTags.ownerOf(tags, stack);
}

/** An identity as a plan sees it. */
export function observedIdentity(
  found: IdentityState | undefined,
  stack: StackOwner,
): Observed<IdentityState> {
  return found === undefined
    ? { exists: false }
    : { exists: true, state: found, owner: identityOwner(found, stack) };
}

/** Its tags with ours among them; any other tags stay. */
function markedTags(before: IdentityState["tags"], stack: StackOwner): IdentityState["tags"] {
  const others = Object.entries(before).filter(([key]) => !azureTags.isOwn(key));
  return { ...Object.fromEntries(others), ...azureTags.of(stack) };
}

const isMarked = ({ tags }: IdentityState, stack: StackOwner): boolean =>
  Object.entries(azureTags.of(stack)).every(([key, text]) => tags[key] === text);

/** Refuses a write to what has got another owner since the plan was made. */
function checkOurs(found: IdentityState, spec: IdentitySpec): void {
  const owner = identityOwner(found, spec);
  if (owner.kind === "ours") return;
  const { id } = identityNames(spec.group, spec.name);
  throw new PodtrustError("plan-changed", `${id} has got another owner since the plan was made`, {
    detail: { id, owner },
  });
}

/** A user-assigned managed identity as a plan's resource. Its location never changes, and is no difference. */
export function identityResource(api: AzureApi, spec: IdentitySpec): Resource<IdentityState> {
  const { group, name } = spec;
  const path = identityPath(group, name);
  const read = (signal: AbortSignal): Promise<IdentityState | undefined> => readIdentity(api, spec, signal);
  return {
    ...identityNames(group, name),
    dependsOn: [],
    ifTaken: "Choose another name in the config, or have the podtrust that made it change it.",
    fingerprint: ({ tags, clientId }) => ({ tags, clientId }),
    outputs: ({ clientId, principalId }) => ({ clientId, principalId }),
    read: async (signal) => observedIdentity(await read(signal), spec),
    diff(observed) {
      const after = azureTags.of(spec);
      if (!observed.exists) {
        const fields = Object.entries({ location: spec.location ?? "the resource group's", tags: after });
        return {
          kind: "create",
          fields: fields.map(([field, value]) => ({ field, before: undefined, after: value })),
        };
      }
      const { state } = observed;
      if (isMarked(state, spec)) return { kind: "none", fields: [] };
      const fields = [{ field: "tags", before: state.tags, after: markedTags(state.tags, spec) }];
      return { kind: "update", fields };
    },
    async apply(_change, work) {
      const { signal } = work;
      let made: IdentityState | undefined;
      const step = (what: string, call: Pick<ApiCall, "method" | "body">): AzureStep => ({
        what,
        async make() {
          const asked = { ...call, path, query: identityVersion, what };
          made = shapeOf(await api.write(asked, signal, work.waiting.bind(work)), what);
        },
      });
      await settle(api, work, {
        async next(isUnclear) {
          const found = await read(signal);
          if (isUnclear) made = found;
          if (found === undefined) {
            const location = spec.location ?? (await groupLocation(api, group, signal));
            const body = { location, tags: azureTags.of(spec) };
            return step(`making the identity ${name}`, { method: "PUT", body });
          }
          checkOurs(found, spec);
          if (isMarked(found, spec)) return undefined;
          const body = { tags: markedTags(found.tags, spec) };
          return step(`tagging the identity ${name}`, { method: "PATCH", body });
        },
      });
      // Undefined where it was as it should be: a reading shows it.
      return made;
    },
    async delete(_observed, work) {
      const what = `deleting the identity ${name}`;
      await settle(api, work, {
        async next() {
          const found = await read(work.signal);
          // One with a new owner stays.
          if (found === undefined || identityOwner(found, spec).kind !== "ours") return undefined;
          const call = { method: "DELETE", path, query: identityVersion, what } as const;
          return {
            what,
            make: async () => void (await api.write(call, work.signal, work.waiting.bind(work))),
          };
        },
      });
    },
  };
}
