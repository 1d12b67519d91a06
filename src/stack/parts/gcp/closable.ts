import type { Config, GcpProject } from "../../../config/index.ts";
import {
  type ClosedMark,
  closedMarkOf,
  type GoogleApi,
  type GoogleClosable,
  listPools,
  listProviders,
  ownerOf,
  type PoolState,
  type ProviderState,
  readPool,
  readProvider,
} from "../../../providers/gcp/index.ts";

/** A project of the config, and the config around it. */
export interface ProjectToClose {
  readonly config: Pick<Config, "gcp" | "identity" | "issuer" | "stack">;
  readonly project: GcpProject;
}

/** What is closed in a pool: the pool itself, or where that is another's, each provider that trusts the issuer. */
export interface ClosableThing extends GoogleClosable {
  /** `the pool prod` */
  readonly title: string;
  /** By which a person may choose it. */
  readonly names: readonly string[];
  /** Absent: it is not closed after a theft. */
  readonly mark: ClosedMark | undefined;
  readonly disabled: boolean;
  /** The providers whose keys decide when it may be opened. */
  readonly providers: readonly ProviderState[];
}

function thingsIn(
  { config, project: { projectNumber } }: ProjectToClose,
  pool: PoolState,
  providers: readonly ProviderState[],
): readonly ClosableThing[] {
  const name = { projectNumber, pool: pool.id };
  if (ownerOf(pool, config).kind === "ours") {
    const { id, disabled } = pool;
    return [{ name, title: `the pool ${id}`, names: [id], mark: closedMarkOf(pool), disabled, providers }];
  }
  return providers.map((one) => ({
    name,
    provider: one.id,
    title: `the provider ${one.id} of the pool ${pool.id}`,
    names: [pool.id, one.id],
    mark: closedMarkOf(one),
    disabled: one.disabled || pool.disabled,
    providers: [one],
  }));
}

/** What the config names, found by its name alone. Throws `gcp-*`. */
export async function ownThings(
  of: ProjectToClose,
  api: GoogleApi,
  signal: AbortSignal,
): Promise<readonly ClosableThing[]> {
  const pool = await readPool(api, of.project, signal);
  if (pool === undefined || pool.state === "DELETED") return [];
  const provider = await readProvider(api, of.project, signal);
  return thingsIn(of, pool, provider === undefined || provider.state === "DELETED" ? [] : [provider]);
}

/** What else of the project trusts the issuer, whoever's it is. The first section of a project looks for it. Throws `gcp-*`. */
export async function otherThings(
  of: ProjectToClose,
  api: GoogleApi,
  signal: AbortSignal,
): Promise<readonly ClosableThing[]> {
  const { config, project } = of;
  const { projectNumber } = project;
  const sections = config.gcp.filter((one) => one.projectNumber === projectNumber);
  if (sections[0] !== project) return [];
  const found: ClosableThing[] = [];
  for (const pool of await listPools(api, projectNumber, signal)) {
    const named = sections.filter((one) => one.pool === pool.id);
    // A pool of the stack's that the config names is closed whole.
    const isDone = named.length > 0 && ownerOf(pool, config).kind === "ours";
    if (pool.state === "DELETED" || isDone) continue;
    const all = await listProviders(api, { projectNumber, pool: pool.id }, signal);
    const trusting = all.filter(
      ({ id, state, issuerUri }) =>
        state === "ACTIVE" && issuerUri === config.issuer && !named.some(({ provider }) => provider === id),
    );
    if (trusting.length > 0) found.push(...thingsIn(of, pool, trusting));
  }
  return found;
}
