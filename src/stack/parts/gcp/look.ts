import { defined, mapLimit, PodtrustError } from "../../../core/base/index.ts";
import type { GcpProject, GcpServiceAccount } from "../../../config/index.ts";
import {
  type ClosedMark,
  closedMarkOf,
  exchangeEndpoints,
  type Exchanged,
  type LaterKeys,
  type MemberState,
  openGoogle,
  type PoolState,
  type ProviderState,
  tryExchange,
} from "../../../providers/gcp/index.ts";
import { type Jwk, providerAudience, uploadedKids } from "../../../rules/gcp/index.ts";
import { type Difference, noInputs, type Observed, type Resource } from "../../../rules/plan/index.ts";
import type { PartContext } from "../part.ts";
import { keysToUpload } from "./keys.ts";
import { projectThings } from "./resources.ts";

/** A resource at Google as found, and the names of its fields that differ from the config. */
export interface GoogleDrift<State> {
  readonly observed: Observed<State>;
  readonly fields: readonly string[];
  /** Of a pool or provider that is closed after a theft. */
  readonly mark?: ClosedMark;
}

/** State of one section of the config. */
export interface GoogleLook {
  readonly pool: GoogleDrift<PoolState>;
  /** Read if the pool exists. */
  readonly provider: GoogleDrift<ProviderState> | undefined;
  /** Key IDs that the provider has by upload, beyond those that it should have. */
  readonly beyond: readonly string[];
  /** Service accounts of the config, in its order. */
  readonly members: readonly {
    readonly account: GcpServiceAccount;
    /** Undefined: there is no such service account. */
    readonly drift: GoogleDrift<MemberState> | undefined;
  }[];
}

/** Reads one section of the config. */
export interface GoogleProject {
  readonly project: GcpProject;
  /** What the provider takes as a token's audience: what it names first, else its own name as URL. */
  readonly audience: string;
  /** What exists beside what should. Throws `gcp-*`. */
  look(signal: AbortSignal): Promise<GoogleLook>;
  /**
   * Exchanges a ServiceAccount's token as a workload does, and impersonates the service account if one is named. Needs
   * no credentials. Throws `gcp-*` if Google gave no answer of its own.
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

/** The same for a pool or a provider. */
async function closableDrift<State extends PoolState>(
  resource: Resource<State>,
  signal: AbortSignal,
): Promise<GoogleDrift<State>> {
  const drift = await driftOf(resource, signal);
  const mark = drift.observed.exists ? closedMarkOf(drift.observed.state) : undefined;
  return { ...drift, ...defined({ mark }) };
}

/** The same for a service account, which users create, and which may not exist. */
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

/** What was uploaded and is not wanted; nothing where the keys are fetched, or not known yet. */
function beyondOf(
  there: GoogleDrift<ProviderState> | undefined,
  keys: LaterKeys | readonly Jwk[] | "fetch",
): readonly string[] {
  if (there?.observed.exists !== true || keys === "fetch" || "knownAfter" in keys) return [];
  const wanted = new Set(keys.map(({ kid }) => kid));
  return (uploadedKids(there.observed.state.jwksJson) ?? []).filter((kid) => !wanted.has(kid));
}

const few = 8;

async function lookAt(context: PartContext, project: GcpProject, signal: AbortSignal): Promise<GoogleLook> {
  const { config } = context;
  const { api } = await openGoogle(context, context.clock);
  const keys = project.keys === "upload" ? (await keysToUpload(context, signal)).keys : "fetch";
  const { pool, provider, members } = projectThings({ config, project, api, keys });
  const found = await closableDrift(pool, signal);
  const there = found.observed.exists ? await closableDrift(provider, signal) : undefined;
  return {
    pool: found,
    provider: there,
    beyond: beyondOf(there, keys),
    members: await mapLimit(
      members,
      async ({ account, resource }) => ({ account, drift: await memberDrift(resource, signal) }),
      few,
    ),
  };
}

/** Readers of a config's projects. Opens no connection. */
export function googleProjects(context: PartContext): readonly GoogleProject[] {
  const { config, env, clock } = context;
  return config.gcp.map((project): GoogleProject => ({
    project,
    audience: project.audiences[0] ?? providerAudience(project, "https:"),
    look: (signal) => lookAt(context, project, signal),
    exchange: async (jwt, email, signal) =>
      tryExchange(exchangeEndpoints(env), { name: project, jwt, ...defined({ email }) }, clock, signal),
  }));
}
