import type { FrontAnswer, FrontRequest } from "../front/index.ts";
import { AzureError, type AzureContext, jsonOf } from "./service.ts";
import { type UserAssignedIdentity, keyOf } from "./tenant.ts";

export const identityType = "Microsoft.ManagedIdentity/userAssignedIdentities";

export const badRequest = (message: string): AzureError => new AzureError(400, "BadRequest", message);
export const noJson = (): AzureError =>
  new AzureError(
    400,
    "InvalidRequestContent",
    "The request content was invalid and could not be deserialized.",
  );
export const notTaken = (what: string, method: string): AzureError =>
  new AzureError(405, "MethodNotAllowed", `podtrust sandbox: ${what} does not take ${method}.`);

/** ARM writes `resourcegroups` in answers, whatever the request had. */
export function idOf({ resourceGroup, name }: UserAssignedIdentity, { tenant }: AzureContext): string {
  return `/subscriptions/${tenant.settings.subscription}/resourcegroups/${resourceGroup}/providers/${identityType}/${name}`;
}

function shown(identity: UserAssignedIdentity, context: AzureContext): object {
  const { name, location, tags, principalId, clientId } = identity;
  const { tenant: tenantId } = context.tenant.settings;
  return {
    id: idOf(identity, context),
    name,
    type: identityType,
    location,
    tags,
    properties: { tenantId, principalId, clientId },
  };
}

function isTag([name, text]: readonly [string, unknown]): boolean {
  return typeof text === "string" && name.length <= 512 && text.length <= 256;
}

/** "Use tags to organize your Azure resources": 50, with 512 characters of name and 256 of value. */
function tagsIn(value: unknown): Readonly<Record<string, string>> {
  const tags: unknown = value ?? {};
  if (typeof tags === "object" && tags !== null && !Array.isArray(tags)) {
    const entries = Object.entries(tags);
    if (entries.length <= 50 && entries.every(isTag))
      return Object.fromEntries(entries) as Record<string, string>;
  }
  throw new AzureError(400, "InvalidTags", "podtrust sandbox: the tags of the resource are not valid.", {
    next: "Take 50 tags at most, with names of 512 characters and values of 256.",
  });
}

function noIdentity(group: string, name: string): AzureError {
  return new AzureError(
    404,
    "ResourceNotFound",
    `The Resource '${identityType}/${name}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );
}

function locationIn(location: unknown, before: UserAssignedIdentity | undefined): string {
  if (typeof location !== "string" || location === "")
    throw new AzureError(400, "LocationRequired", "The location property is required for this definition.");
  if (before === undefined || before.location === location) return location;
  throw new AzureError(
    409,
    "InvalidResourceLocation",
    `The resource '${before.name}' already exists in location '${before.location}' in resource group '${before.resourceGroup}'. A resource with the same name cannot be created in location '${location}'. Please select a new resource name.`,
  );
}

function put(request: FrontRequest, group: string, name: string, context: AzureContext): FrontAnswer {
  const { tenant } = context;
  const body = jsonOf(request, noJson);
  const before = tenant.identities.get(keyOf(group, name));
  if (!/^[a-z0-9][a-z0-9_-]{2,127}$/iu.test(name))
    throw badRequest(`podtrust sandbox: '${name}' is no name of a user-assigned identity.`);
  const location = locationIn(body["location"], before);
  const identity = tenant.putIdentity({ resourceGroup: group, name, location, tags: tagsIn(body["tags"]) });
  return { status: before === undefined ? 201 : 200, body: shown(identity, context) };
}

/** A list with `$top` and `$skiptoken`, which is ours: a number. */
export function page(items: readonly object[], { url }: FrontRequest): FrontAnswer {
  const top = Number(url.searchParams.get("$top") ?? items.length);
  const from = Number(url.searchParams.get("$skiptoken") ?? 0);
  if (!Number.isInteger(top) || top < 0 || !Number.isInteger(from) || from < 0)
    throw badRequest("podtrust sandbox: $top or $skiptoken is no number.");
  const to = from + top;
  const next = new URL(url);
  next.searchParams.set("$skiptoken", String(to));
  const more = to < items.length && top > 0 ? { nextLink: next.href } : {};
  return { status: 200, body: { value: items.slice(from, to), ...more } };
}

/** The identities of a resource group, or of the subscription. */
export function identities(
  request: FrontRequest,
  group: string | undefined,
  context: AzureContext,
): FrontAnswer {
  if (request.method !== "GET") throw notTaken("the list of identities", request.method);
  const all = [...context.tenant.identities.values()];
  const wanted = all.filter(({ resourceGroup }) => group === undefined || resourceGroup === group);
  return page(
    wanted.map((identity) => shown(identity, context)),
    request,
  );
}

/** One identity: created, changed, read, deleted. */
export function oneIdentity(
  request: FrontRequest,
  group: string,
  name: string,
  context: AzureContext,
): FrontAnswer {
  const { tenant } = context;
  const key = keyOf(group, name);
  if (request.method === "PUT") return put(request, group, name, context);
  if (request.method === "DELETE") return { status: tenant.identities.delete(key) ? 200 : 204 };
  if (request.method !== "GET" && request.method !== "PATCH") throw notTaken("an identity", request.method);
  const identity = tenant.identities.get(key);
  if (identity === undefined) throw noIdentity(group, name);
  if (request.method === "GET") return { status: 200, body: shown(identity, context) };
  const { tags = identity.tags } = jsonOf(request, noJson);
  return { status: 200, body: shown(tenant.putIdentity({ ...identity, tags: tagsIn(tags) }), context) };
}
