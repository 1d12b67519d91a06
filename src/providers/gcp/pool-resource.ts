import type { ProviderName } from "../../rules/gcp/index.ts";
import type { Difference, Observed, Resource, Work, StackOwner } from "../../rules/plan/index.ts";
import type { ApiCall } from "../../core/http/index.ts";
import type { GoogleApi } from "./api.ts";
import { googleError } from "./vendor.ts";
import {
  checkOwner,
  deletedRefusal,
  deleteKept,
  markFields,
  observedKept,
  observedToDelete,
  operate,
  readUnlessAbsent,
  stateFields,
  takenNext,
} from "./kept.ts";
import { poolNames, poolPath, poolsPath } from "./resource-paths.ts";
import { settle, type SettleStep } from "./settle.ts";
import { markedDescription, type PoolState, readPoolShape } from "./shapes.ts";

/** The desired pool. */
export interface PoolSpec extends StackOwner {
  readonly projectNumber: string;
  readonly pool: string;
}

/** A pool by its name; undefined where there is none. Throws `gcp-*`. */
export function readPool(
  api: GoogleApi,
  name: Pick<ProviderName, "pool" | "projectNumber">,
  signal: AbortSignal,
): Promise<PoolState | undefined> {
  return readUnlessAbsent(
    api,
    { path: poolPath(name), what: `reading the pool ${name.pool}` },
    readPoolShape,
    signal,
  );
}

/** All pools of a project, deleted ones too. Throws `gcp-*`. */
export async function listPools(
  api: GoogleApi,
  projectNumber: string,
  signal: AbortSignal,
): Promise<readonly PoolState[]> {
  const what = `listing the pools of project ${projectNumber}`;
  const query = { pageSize: "1000", showDeleted: "true" };
  const call = { method: "GET", path: poolsPath(projectNumber), query, what } as const;
  try {
    const found = await api.list(call, "workloadIdentityPools", signal);
    return found.map((one) => readPoolShape(one, what));
  } catch (thrown) {
    throw googleError(thrown, what);
  }
}

function difference(spec: PoolSpec, observed: Observed<PoolState>): Difference {
  const { pool } = spec;
  if (!observed.exists) {
    const { description } = newPool(spec);
    return { kind: "create", fields: [{ field: "description", before: undefined, after: description }] };
  }
  const { state, owner } = observed;
  const fields = [...stateFields(state), ...markFields(state, spec)];
  const refusal = deletedRefusal(state, owner.kind, { id: pool, kind: "pool" });
  if (refusal !== undefined) return { kind: "update", fields, refusal };
  return { kind: fields.length === 0 ? "none" : "update", fields };
}

const newPool = (spec: PoolSpec): { readonly description: string } => ({
  description: markedDescription("", spec),
});

function nextStep(
  api: GoogleApi,
  spec: PoolSpec,
  found: PoolState | undefined,
  work: Work,
): SettleStep | undefined {
  const { pool, projectNumber } = spec;
  const path = poolPath(spec);
  const step = (what: string, call: Omit<ApiCall, "what">): SettleStep => ({
    what,
    make: () => operate(api, { ...call, what }, path, work),
  });
  if (found === undefined) {
    const query = { workloadIdentityPoolId: pool };
    const body = newPool(spec);
    return step(`creating the pool ${pool}`, { method: "POST", path: poolsPath(projectNumber), query, body });
  }
  if (found.state === "DELETED")
    return step(`undeleting the pool ${pool}`, { method: "POST", path: `${path}:undelete`, body: {} });
  const description = markedDescription(found.description, spec);
  if (description === found.description) return undefined;
  const query = { updateMask: "description" };
  return step(`marking the pool ${pool}`, { method: "PATCH", path, query, body: { description } });
}

/** A workload identity pool as a plan's resource. Whether it is disabled is for a person to say, and no difference. */
export function poolResource(api: GoogleApi, spec: PoolSpec): Resource<PoolState> {
  const { pool } = spec;
  return {
    ...poolNames(spec),
    dependsOn: [],
    ifTaken: takenNext("pool", pool),
    fingerprint: ({ description, state, disabled }) => ({ description, state, disabled }),
    read: async (signal) => observedKept(await readPool(api, spec, signal), spec),
    diff: (observed) => difference(spec, observed),
    apply: (change, work) =>
      settle(api, work, async () => {
        const found = await readPool(api, spec, work.signal);
        if (found !== undefined) checkOwner(found, change, spec);
        return nextStep(api, spec, found, work);
      }),
    delete: (_observed, work) => {
      const what = `deleting the pool ${pool}`;
      return deleteKept(
        api,
        { read: (signal) => readPool(api, spec, signal), path: poolPath(spec), what, stack: spec },
        work,
      );
    },
  };
}

/** The same for the way down: a deleted one is gone. */
export function poolToDelete(api: GoogleApi, spec: PoolSpec): Resource<PoolState> {
  const read = async (signal: AbortSignal): Promise<Observed<PoolState>> =>
    observedToDelete(await readPool(api, spec, signal), spec);
  return { ...poolResource(api, spec), read };
}
