import { isoSeconds, mapLimit, PodtrustError } from "../../../core/base/index.ts";
import {
  closedMarkOf,
  listPools,
  listProviders,
  listServiceAccounts,
  memberResource,
  observedKept,
  observedToDelete,
  ownerOf,
  type PoolState,
  poolToDelete,
  providerToDelete,
} from "../../../providers/gcp/index.ts";
import { noInputs, type Observed, type Resource, type StackOwner } from "../../../rules/plan/index.ts";
import type { Goal, Survey } from "../part.ts";
import { type ProjectInput, projectResources, projectToDelete } from "./resources.ts";

/** What a reading of a project says beside its survey. */
export interface ProjectFacts {
  /** Ours that are disabled, each as a sentence. */
  readonly disabled: readonly string[];
  /** What could not be searched, as a sentence. */
  readonly unseen: string | undefined;
}

type ObservedById = readonly (readonly [id: string, observed: Observed])[];

/** Pools of ours that the config no longer names. The first of several sections of one project looks for them. */
async function surplusPools(input: ProjectInput, signal: AbortSignal) {
  const { config, project, api } = input;
  const { projectNumber } = project;
  const all = await listPools(api, projectNumber, signal);
  const sections = config.gcp.filter((one) => one.projectNumber === projectNumber);
  const named = new Set(sections.map(({ pool }) => pool));
  const isFirst = sections[0] === project;
  const surplus = all.filter(
    (pool) => isFirst && pool.state === "ACTIVE" && !named.has(pool.id) && isOurs(pool, config),
  );
  return { own: all.find(({ id }) => id === project.pool), surplus };
}

const few = 8;

const isOurs = (found: PoolState | undefined, stack: StackOwner): boolean =>
  found !== undefined && ownerOf(found, stack).kind === "ours";

/** Members of our pool in the policies of service accounts that the config no longer names. */
async function surplusMembers(
  { project, api }: ProjectInput,
  goal: Goal,
  signal: AbortSignal,
): Promise<{
  readonly members: readonly (readonly [Resource, Observed])[];
  readonly unseen: string | undefined;
}> {
  // Bindings in the cluster make them, until the pool itself is deleted.
  if (project.bindings === true && goal === "present") return { members: [], unseen: undefined };
  const named = new Set(project.serviceAccounts.map(({ email }) => email));
  try {
    const all = await listServiceAccounts(api, project.projectNumber, signal);
    const others = all.filter((email) => !named.has(email));
    const looks = await mapLimit(
      others,
      async (email): Promise<readonly [Resource, Observed]> => {
        const resource = memberResource(api, { name: project, email, subjects: [] });
        return [resource, await resource.read(signal, noInputs)];
      },
      few,
    );
    return { members: looks.filter(([, { exists }]) => exists), unseen: undefined };
  } catch (error) {
    if (!(error instanceof PodtrustError) || error.code !== "gcp-denied") throw error;
    const unseen =
      "the caller may not list service accounts and read their policies: one that the config no longer names keeps its members of this pool unnoticed";
    return { members: [], unseen };
  }
}

function disabledText(kind: string, found: PoolState | undefined): readonly string[] {
  if (found?.disabled !== true) return [];
  const mark = closedMarkOf(found);
  if (mark !== undefined)
    return [
      `the ${kind} ${found.id} is closed after the theft of a key, since ${isoSeconds(mark.closedAt)}, and stays so until podtrust rotate stolen KID --reopen`,
    ];
  return [`the ${kind} ${found.id} is disabled, and stays so until it is enabled: no token is exchanged`];
}

/** Reads the state of a project. Throws `gcp-*`. */
export async function surveyOf(
  input: ProjectInput,
  goal: Goal,
  signal: AbortSignal,
): Promise<{ readonly survey: Survey; readonly found: ProjectFacts }> {
  const { config, project, api } = input;
  const { stack, identity } = config;
  const wanted = goal === "present" ? projectResources(input) : projectToDelete(input);
  const observe = goal === "present" ? observedKept : observedToDelete;
  const { own, surplus } = await surplusPools(input, signal);
  const providers = own === undefined ? [] : await listProviders(api, project, signal);
  const provider = providers.find(({ id }) => id === project.provider);
  const others = providers.filter((one) => one !== provider && one.state === "ACTIVE" && isOurs(one, config));
  // Members carry no mark. In a pool of others, and without a provider of ours there, they are of that pool's owner.
  const isOthers = own !== undefined && ![own, provider].some((one) => isOurs(one, config));
  const desired = isOthers && goal === "absent" ? wanted.filter(({ kind }) => kind !== "member") : wanted;
  const { members, unseen } = isOthers
    ? { members: [], unseen: undefined }
    : await surplusMembers(input, goal, signal);
  const owned = [
    ...surplus.map((pool) => {
      const name = { projectNumber: project.projectNumber, pool: pool.id };
      return [poolToDelete(api, { stack, identity, ...name }), observedToDelete(pool, config)] as const;
    }),
    ...others.map((one) => {
      const resource = providerToDelete(api, { stack, identity, name: { ...project, provider: one.id } });
      return [resource, observedToDelete(one, config)] as const;
    }),
    ...members,
  ];
  const [poolNamed, providerNamed] = desired;
  const seen: ObservedById = [
    [poolNamed?.id ?? "", observe(own, config)],
    [providerNamed?.id ?? "", observe(provider, config)],
    ...owned.map(([{ id }, observed]) => [id, observed] as const),
  ];
  return {
    survey: { desired, owned: owned.map(([resource]) => resource), seen: new Map(seen) },
    found: { disabled: [...disabledText("pool", own), ...disabledText("provider", provider)], unseen },
  };
}
