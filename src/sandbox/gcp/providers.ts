import type { JsonRecord } from "../../core/base/index.ts";
import type { ApiCall, ApiReply } from "./call.ts";
import { maskOf, objectField, pageOf } from "./fields.ts";
import { checkId, commonFields, demandIn, poolOf } from "./pools.ts";
import { countingKeys, type Oidc, type IdentityPool, type Project, type Provider } from "./project.ts";
import { conditionOf, mappingOf, oidcOf } from "./provider-form.ts";
import { alreadyExists, checkActive, checkDeleted, found, operated, shownDeletable } from "./soft-delete.ts";

const permission = (verb: string): string => `iam.googleapis.com/workloadIdentityPoolProviders.${verb}`;
const maxPage = 100;

type ProviderFields = Omit<Provider, "id" | "before" | "deletedAt">;

/** All settings of a provider. Throws INVALID_ARGUMENT. */
function fieldsOf(body: JsonRecord): ProviderFields {
  const oidc = oidcOf(body);
  return {
    ...commonFields(body),
    attributeMapping: mappingOf(body),
    attributeCondition: conditionOf(body, oidc),
    oidc,
  };
}

/** Creates a provider in an active pool. Throws INVALID_ARGUMENT, or ALREADY_EXISTS if its id is taken. */
export function createProvider(project: Project, pool: IdentityPool, id: string, body: JsonRecord): Provider {
  checkId(id, "workload_identity_pool_provider_id");
  checkActive(project.poolName(pool), pool.deletedAt);
  const there = pool.providers.get(id);
  if (there !== undefined) throw alreadyExists(project.providerName(pool, there), there);
  const provider: Provider = { id, ...fieldsOf(body) };
  pool.providers.set(id, provider);
  return provider;
}

function shownOidc({ allowedAudiences, ...oidc }: Oidc): object {
  return { ...oidc, ...(allowedAudiences.length === 0 ? {} : { allowedAudiences }) };
}

/** Deleting a pool deletes its providers. */
const deletedAtOf = (pool: IdentityPool, provider: Provider): number | undefined =>
  provider.deletedAt ?? pool.deletedAt;

function shown(project: Project, pool: IdentityPool, provider: Provider): object {
  const { attributeMapping, attributeCondition, oidc } = provider;
  return {
    ...shownDeletable(project.providerName(pool, provider), provider, deletedAtOf(pool, provider)),
    attributeMapping,
    ...(attributeCondition === "" ? {} : { attributeCondition }),
    oidc: shownOidc(oidc),
  };
}

interface NamedProvider {
  readonly pool: IdentityPool;
  readonly provider: Provider;
  /** `projects/NUMBER/…/providers/ID` */
  readonly name: string;
}

function providerOf(call: ApiCall): NamedProvider {
  const pool = poolOf(call);
  const id = call.name("provider");
  const provider = found(pool.providers.get(id), `provider ${id} of pool ${pool.id}`);
  return { pool, provider, name: call.project.providerName(pool, provider) };
}

function create(call: ApiCall): ApiReply {
  const pool = poolOf(call);
  const id = call.query.get("workloadIdentityPoolProviderId") ?? "";
  const provider = createProvider(call.project, pool, id, call.json());
  return operated(call, call.project.providerName(pool, provider));
}

function list(call: ApiCall): ApiReply {
  const { project, query } = call;
  const pool = poolOf(call);
  const all = [...pool.providers.values()].filter(
    (provider) => deletedAtOf(pool, provider) === undefined || query.get("showDeleted") === "true",
  );
  const body = pageOf(query, {
    items: all,
    key: "workloadIdentityPoolProviders",
    maxSize: maxPage,
    show: (provider) => shown(project, pool, provider),
  });
  return { status: 200, body };
}

const ofOidc = ["issuerUri", "allowedAudiences", "jwksJson", "discoveryUri"];
const masks = [
  "displayName",
  "description",
  "disabled",
  "attributeMapping",
  "attributeCondition",
  "oidc",
  ...ofOidc.map((field) => `oidc.${field}`),
];

/** A provider's current settings, with the fields of a mask taken from a body: validated whole, like a new one. */
function patched(provider: Provider, mask: ReadonlySet<string>, body: JsonRecord): JsonRecord {
  const { displayName, description, disabled, attributeMapping, attributeCondition, oidc } = provider;
  const before: JsonRecord = {
    displayName,
    description,
    disabled,
    attributeMapping,
    attributeCondition,
    oidc,
  };
  const sent = objectField(body, "oidc");
  const own = Object.fromEntries(
    ofOidc.flatMap((field) => (mask.has(`oidc.${field}`) ? [[field, sent[field]] as const] : [])),
  );
  const whole = Object.fromEntries(
    Object.keys(before).map((field) => [field, mask.has(field) ? body[field] : before[field]]),
  );
  return mask.has("oidc") ? whole : { ...whole, oidc: { ...oidc, ...own } };
}

function patch(call: ApiCall): ApiReply {
  const { pool, provider, name } = providerOf(call);
  checkActive(name, deletedAtOf(pool, provider));
  const mask = maskOf(call.query, masks);
  const fields = fieldsOf(patched(provider, mask, call.json()));
  const { jwksJson } = provider.oidc;
  if (fields.oidc.jwksJson !== jwksJson) keepKeys(call, provider);
  Object.assign(provider, fields);
  return operated(call, name);
}

/** The earlier keys stay in effect until the uploaded ones have spread. */
function keepKeys({ project, now }: ApiCall, provider: Provider): void {
  const until = now + project.settings.delays.upload;
  provider.before = { jwksJson: countingKeys(provider, now), until };
}

function remove(call: ApiCall): ApiReply {
  const { pool, provider, name } = providerOf(call);
  checkActive(name, deletedAtOf(pool, provider));
  provider.deletedAt = call.now;
  return operated(call, name);
}

function undelete(call: ApiCall): ApiReply {
  const { pool, provider, name } = providerOf(call);
  checkActive(call.project.poolName(pool), pool.deletedAt);
  checkDeleted(name, provider.deletedAt);
  delete provider.deletedAt;
  return operated(call, name);
}

/** An operation with the permission that it needs. */
const allowed =
  (verb: string, run: (call: ApiCall) => ApiReply) =>
  (call: ApiCall): ApiReply => {
    demandIn(call, permission(verb));
    return run(call);
  };

/** The operations on providers, each by its verb. */
export const providerOperations = {
  create: allowed("create", create),
  list: allowed("list", list),
  get: allowed("get", (call) => {
    const { pool, provider } = providerOf(call);
    return { status: 200, body: shown(call.project, pool, provider) };
  }),
  patch: allowed("update", patch),
  delete: allowed("delete", remove),
  undelete: allowed("undelete", undelete),
};
