import { defined, mapLimit, PodtrustError } from "../../../core/base/index.ts";
import type { GcpProject, GcpServiceAccount } from "../../../config/index.ts";
import {
  exchangeEndpoints,
  type Exchanged,
  type MemberState,
  openGoogle,
  type PoolState,
  type ProviderState,
  tryExchange,
} from "../../../providers/gcp/index.ts";
import { type Difference, noInputs, type Observed, type Resource } from "../../../rules/plan/index.ts";
import type { PartContext } from "../part.ts";
import { keysToUpload } from "./keys.ts";
import { projectThings } from "./resources.ts";

/** A thing at Google as it was found, and the names of its fields that are not as the config has them. */
export interface GoogleDrift<State> {
  readonly observed: Observed<State>;
  readonly fields: readonly string[];
}

/** What stands of one section of the config. */
export interface GoogleLook {
  readonly pool: GoogleDrift<PoolState>;
  /** Looked at where the pool is there. */
  readonly provider: GoogleDrift<ProviderState> | undefined;
  /** Service accounts of the config, in its order. */
  readonly members: readonly {
    readonly account: GcpServiceAccount;
    /** Undefined: there is no such service account. */
    readonly drift: GoogleDrift<MemberState> | undefined;
  }[];
}

/** One section of the config, to be looked at. */
export interface GoogleProject {
  readonly project: GcpProject;
  /** What stands beside what shall. Throws `gcp-*`. */
  look(signal: AbortSignal): Promise<GoogleLook>;
  /**
   * Exchanges a ServiceAccount's token as a workload does, and impersonates the service account where one is named. Needs no
   * credentials. Throws `gcp-*` where Google gave no answer of its own.
   */
  exchange(jwt: string, email: string | undefined, signal: AbortSignal): Promise<Exchanged>;
}

async function driftOf<State>(resource: Resource<State>, signal: AbortSignal): Promise<GoogleDrift<State>> {
  const observed = await resource.read(signal, noInputs);
  const { fields }: Pick<Difference, "fields"> = observed.exists
    ? resource.diff(observed, noInputs)
    : { fields: [] };
  return { observed, fields: fields.map(({ field }) => field) };
}

/** The same of a service account, which a person makes, and which may not be there. */
async function memberDrift(
  resource: Resource<MemberState>,
  signal: AbortSignal,
): Promise<GoogleDrift<MemberState> | undefined> {
  try {
    return await driftOf(resource, signal);
  } catch (thrown) {
    if (thrown instanceof PodtrustError && thrown.code === "gcp-service-account-absent") return undefined;
    throw thrown;
  }
}

const few = 8;

async function lookAt(context: PartContext, project: GcpProject, signal: AbortSignal): Promise<GoogleLook> {
  const { config } = context;
  const { api } = await openGoogle(context.env, context.clock);
  const keys = project.keys === "upload" ? (await keysToUpload(context, signal)).keys : "fetch";
  const { pool, provider, members } = projectThings({ config, project, api, keys });
  const found = await driftOf(pool, signal);
  return {
    pool: found,
    provider: found.observed.exists ? await driftOf(provider, signal) : undefined,
    members: await mapLimit(
      members,
      async ({ account, resource }) => ({ account, drift: await memberDrift(resource, signal) }),
      few,
    ),
  };
}

/** The projects of a config, to be looked at. Opens no connection. */
export function googleProjects(context: PartContext): readonly GoogleProject[] {
  const { config, env, clock } = context;
  return config.gcp.map((project): GoogleProject => ({
    project,
    look: (signal) => lookAt(context, project, signal),
    exchange: async (jwt, email, signal) =>
      tryExchange(exchangeEndpoints(env), { name: project, jwt, ...defined({ email }) }, clock, signal),
  }));
}
