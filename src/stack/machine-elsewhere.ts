import { PodtrustError } from "../core/base/index.ts";
import type { Config } from "../config/index.ts";
import type { Observed, Resource } from "../rules/plan/index.ts";
import type { ObservedResources } from "./issuer-change.ts";
import type { Lead } from "./parts/index.ts";

/** What stands of a stack, by what was read of it. */
export interface StandingMarks {
  readonly config: Pick<Config, "issuer" | "stack">;
  /** Its resources at every provider that was asked, selected or not. */
  readonly found: ObservedResources;
  /** Where the issuer's name leads; gives undefined where nothing that manages its records was opened. */
  readonly lookAtLeads: () => Promise<readonly Lead[]> | undefined;
}

const isOurs = (observed: Observed): boolean => observed.exists && observed.owner.kind === "ours";

/** Made after the machine serves the issuer: it stands only if a machine did. */
function followsMachine(resource: Resource, observed: Observed): boolean {
  if (!observed.exists || observed.owner.kind !== "ours" || resource.isRight === true) return false;
  return (resource.issuers?.(observed.state) ?? []).length > 0;
}

/**
 * A refusal where nothing of the machine is in the project of the token, while what was made after it stands elsewhere: the
 * token is another project's, or somebody deleted the machine. `up` would lead the name to an empty one, and `down` would
 * leave the machine running, and paid for.
 */
export async function machineElsewhere({
  config,
  found,
  lookAtLeads,
}: StandingMarks): Promise<readonly PodtrustError[]> {
  const machine = found.filter(([{ kind }]) => kind === "server" || kind === "primary-ip");
  if (machine.length === 0 || machine.some(([, observed]) => isOurs(observed))) return [];
  const marks = found.filter(([one, observed]) => followsMachine(one, observed)).map(([{ id }]) => id);
  const own = ((await lookAtLeads()) ?? []).filter(({ isOwn }) => isOwn);
  const ids = [...new Set([...own.map(({ id }) => id), ...marks])];
  if (ids.length === 0) return [];
  const { stack, issuer } = config;
  const addresses = own.map(({ address }) => address);
  const host = new URL(issuer).hostname;
  const leading =
    addresses.length === 0
      ? ""
      : `: ${host} leads to ${addresses.join(" and ")}, which this token's project does not have`;
  return [
    new PodtrustError(
      "machine-elsewhere",
      `nothing of the machine of stack ${stack} is in the project of this token, and ${ids.join(", ")} ${ids.length === 1 ? "stands" : "stand"}${leading}`,
      {
        next: `Give the token of the project that the machine is in. If there is no machine any more: podtrust up --allow-replace, or podtrust down --confirm ${stack}.`,
        detail: { stack, ids, addresses },
      },
    ),
  ];
}
