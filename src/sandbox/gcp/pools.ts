import type { JsonRecord } from "../../core/base/index.ts";
import { demand } from "./access.ts";
import type { ApiCall, ApiReply } from "./call.ts";
import { flagField, maskOf, pageOf, textField } from "./fields.ts";
import type { IdentityPool, Project } from "./project.ts";
import { invalid } from "./refusal.ts";
import {
  alreadyExists,
  checkActive,
  checkDeleted,
  found,
  idPattern,
  operated,
  shownDeletable,
  shownOperation,
} from "./soft-delete.ts";

const permission = (verb: string): string => `iam.googleapis.com/workloadIdentityPools.${verb}`;
const maxDisplayName = 32;
const maxDescription = 256;
const maxPage = 1000;

/** Throws unless the caller may do this with the pools of the project that the path names. */
export function demandIn(call: ApiCall, wanted: string): void {
  const resource = `//iam.googleapis.com/projects/${call.name("project")}/locations/global`;
  demand(call, { permission: wanted, resource });
}

/** Display name, description and `disabled`, from the request. Throws INVALID_ARGUMENT. */
export function commonFields(
  body: JsonRecord,
): Pick<IdentityPool, "displayName" | "description" | "disabled"> {
  return {
    displayName: textField(body, "displayName", maxDisplayName),
    description: textField(body, "description", maxDescription),
    disabled: flagField(body, "disabled"),
  };
}

/** Throws INVALID_ARGUMENT for an invalid id. */
export function checkId(id: string, parameter: string): void {
  if (idPattern.test(id)) return;
  invalid(`Invalid ${parameter}: ${id.slice(0, 100)}.`, {
    why: `the id is ${JSON.stringify(id.slice(0, 100))}`,
    next: "Take 4 to 32 of a-z, 0-9 and hyphen; gcp- at the beginning is Google's own.",
  });
}

/** Creates a pool. Throws INVALID_ARGUMENT, or ALREADY_EXISTS if its id is taken. */
export function createPool(project: Project, id: string, body: JsonRecord): IdentityPool {
  checkId(id, "workload_identity_pool_id");
  const mode = body["mode"] ?? "FEDERATION_ONLY";
  if (mode !== "FEDERATION_ONLY" && mode !== "MODE_UNSPECIFIED")
    invalid(`The mode ${JSON.stringify(mode).slice(0, 100)} is not one that this stand-in makes.`);
  const there = project.pools.get(id);
  if (there !== undefined) throw alreadyExists(project.poolName(there), there);
  const pool: IdentityPool = { id, ...commonFields(body), providers: new Map() };
  project.pools.set(id, pool);
  return pool;
}

/** The pool that a path names. Throws NOT_FOUND. */
export function poolOf({ project, names }: ApiCall): IdentityPool {
  const { pool: id = "" } = names;
  return found(project.pools.get(id), `pool ${id}`);
}

const shown = (project: Project, pool: IdentityPool): object => shownDeletable(project.poolName(pool), pool);

function create(call: ApiCall): ApiReply {
  const id = call.query.get("workloadIdentityPoolId") ?? "";
  const pool = createPool(call.project, id, call.json());
  return operated(call, call.project.poolName(pool));
}

function list({ project, query }: ApiCall): ApiReply {
  const all = [...project.pools.values()].filter(
    ({ deletedAt }) => deletedAt === undefined || query.get("showDeleted") === "true",
  );
  const body = pageOf(query, {
    items: all,
    key: "workloadIdentityPools",
    maxSize: maxPage,
    show: (pool) => shown(project, pool),
  });
  return { status: 200, body };
}

function patch(call: ApiCall): ApiReply {
  const pool = poolOf(call);
  const name = call.project.poolName(pool);
  checkActive(name, pool.deletedAt);
  const mask = maskOf(call.query, ["displayName", "description", "disabled"]);
  const fields = Object.entries(commonFields(call.json()));
  Object.assign(pool, Object.fromEntries(fields.filter(([field]) => mask.has(field))));
  return operated(call, name);
}

function remove(call: ApiCall): ApiReply {
  const pool = poolOf(call);
  const name = call.project.poolName(pool);
  checkActive(name, pool.deletedAt);
  pool.deletedAt = call.now;
  return operated(call, name);
}

function undelete(call: ApiCall): ApiReply {
  const pool = poolOf(call);
  const name = call.project.poolName(pool);
  checkDeleted(name, pool.deletedAt);
  delete pool.deletedAt;
  return operated(call, name);
}

function operation({ project, names, now }: ApiCall): ApiReply {
  const { pool = "", provider, operation: id = "" } = names;
  const resource = `${project.poolsName}/${pool}${provider === undefined ? "" : `/providers/${provider}`}`;
  const name = `${resource}/operations/${id}`;
  return { status: 200, body: shownOperation(found(project.operations.get(name), `operation ${id}`), now) };
}

/** An operation with the permission that it needs. */
const allowed =
  (verb: string, run: (call: ApiCall) => ApiReply) =>
  (call: ApiCall): ApiReply => {
    demandIn(call, permission(verb));
    return run(call);
  };

/** The operations on pools, each by its verb. */
export const poolOperations = {
  create: allowed("create", create),
  list: allowed("list", list),
  get: allowed("get", (call) => ({ status: 200, body: shown(call.project, poolOf(call)) })),
  patch: allowed("update", patch),
  delete: allowed("delete", remove),
  undelete: allowed("undelete", undelete),
  operation: allowed("get", operation),
};
