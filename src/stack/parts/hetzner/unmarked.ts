import { PodtrustError } from "../../../core/base/index.ts";
import {
  type HetznerApi,
  type OwnedThings,
  type UnmarkedUse,
  unmarkedUses,
} from "../../../providers/hetzner/index.ts";
import type { Change } from "../../../rules/plan/index.ts";

/** Kinds that such a server needs to be reached: who has no key for it is locked out for good. */
const needed: ReadonlySet<string> = new Set(["ssh-key", "firewall", "primary-ip"]);

/** Whether a plan deletes what a server without the stack's mark may need. */
export function takesFromUnmarked(changes: readonly Change[]): boolean {
  return changes.some(({ kind, resource }) => kind === "delete" && needed.has(resource.kind));
}

function refusal({ server, uses }: UnmarkedUse, stack: string): PodtrustError {
  const things = uses.join(" and ");
  const takeOver = `run podtrust import server/${stack}, then podtrust down again`;
  const whose =
    server.name === stack
      ? "If it is this stack's machine,"
      : `If it is this stack's machine, name it ${stack},`;
  return new PodtrustError(
    "hetzner-unmarked-server",
    `server ${server.name} (id ${server.id}) uses ${things} and does not carry the mark of stack ${stack}: nothing that it is reached by is deleted`,
    {
      next: `${whose} ${takeOver}. If it is not, take ${things} off it at Hetzner first.`,
      detail: { server: server.id, uses },
    },
  );
}

/**
 * A refusal for each server that uses a firewall or an address of the stack and does not carry its mark: labels that
 * somebody took off make a machine nobody's, and it goes on running with the stack's login key as its only one.
 */
export async function unmarkedRefusals(
  api: HetznerApi,
  stack: string,
  owned: OwnedThings,
  signal: AbortSignal,
): Promise<readonly PodtrustError[]> {
  const found = await unmarkedUses(api, stack, owned, signal);
  return found.map((use) => refusal(use, stack));
}
