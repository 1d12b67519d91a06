import { PodtrustError } from "../../../core/base/index.ts";
import {
  type HetznerApi,
  idOf,
  type OwnedThings,
  type UnmarkedUse,
  unmarkedUses,
} from "../../../providers/hetzner/index.ts";
import type { Change, StackOwner } from "../../../rules/plan/index.ts";

/** Whose servers are looked for, and which of them a person said may stay. */
export interface UnmarkedQuery {
  readonly stack: StackOwner;
  readonly owned: OwnedThings;
  /** `server/web`, a server's name or its id. */
  readonly leave: readonly string[];
}

/** Whether a plan deletes anything at Hetzner. */
export function takesAnything(changes: readonly Change[]): boolean {
  return changes.some(({ kind }) => kind === "delete");
}

const isLeft = ({ server }: UnmarkedUse, { leave }: UnmarkedQuery): boolean =>
  [`server/${server.name}`, server.name, String(server.id)].some((one) => leave.includes(one));

function refusal({ server, uses, isNamesake }: UnmarkedUse, { stack }: StackOwner): PodtrustError {
  const things = uses.join(" and ");
  const does = [
    ...(isNamesake ? ["has the stack's name"] : []),
    ...(uses.length === 0 ? [] : [`uses ${things}`]),
  ];
  const takeOver = `run podtrust import server/${stack}, then podtrust down again`;
  const whose = isNamesake
    ? "If it is this stack's machine,"
    : `If it is this stack's machine, name it ${stack},`;
  return new PodtrustError(
    "hetzner-unmarked-server",
    `server ${server.name} (id ${server.id}) ${does.join(", ")} and does not carry the mark of stack ${stack}: nothing that it is reached by is deleted`,
    {
      next: `${whose} ${takeOver}. If it is not: --leave server/${server.name}, and what it uses stays.`,
      detail: { server: server.id, uses },
    },
  );
}

/**
 * A refusal for each server that has the stack's name, or uses a firewall or an address of it, and does not carry its mark:
 * labels that somebody took off make a machine nobody's, and it goes on running with the stack's login key as its only one.
 */
export async function unmarkedRefusals(
  api: HetznerApi,
  query: UnmarkedQuery,
  signal: AbortSignal,
): Promise<readonly PodtrustError[]> {
  const found = await unmarkedUses(api, query.stack, query.owned, signal);
  return found.filter((use) => !isLeft(use, query)).map((use) => refusal(use, query.stack));
}

/** What stays on the way down with a server that a person leaves: what it uses, and the key that may be its only one. */
export interface LeftBehind {
  /** Ids in plans. */
  readonly ids: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

/** Asks nothing where no server is to be left. */
export async function leftWithServers(
  api: HetznerApi,
  query: UnmarkedQuery,
  signal: AbortSignal,
): Promise<LeftBehind> {
  if (query.leave.length === 0) return { ids: new Set(), warnings: [] };
  const found = await unmarkedUses(api, query.stack, query.owned, signal);
  const left = found.filter((use) => isLeft(use, query) && use.uses.length > 0);
  if (left.length === 0) return { ids: new Set(), warnings: [] };
  const keys = query.owned.sshKeys.map(({ name }) => idOf({ kind: "ssh-key" }, name));
  const uses = left.flatMap((one) => one.uses.map((use) => `hetzner/${use}`));
  return {
    ids: new Set([...uses, ...keys]),
    warnings: left.map(
      (one) => `server ${one.server.name} stays, and so do ${one.uses.join(" and ")} and the login key`,
    ),
  };
}
