import { federatedParties, type FederatedParty } from "../../../rules/oidc/index.ts";
import type { PartyFacts } from "../facts.ts";
import type { GatheredCluster } from "./cluster.ts";
import type { GatherOptions, LinkFilter } from "./options.ts";

/** Reads everything that one relying party's section of a config names, and says what it means. */
export type GatherParty = (
  options: GatherOptions,
  cluster: Promise<GatheredCluster>,
  wanted: LinkFilter,
) => Promise<readonly PartyFacts[]>;

/** One row per relying party beside AWS that is read, loaded by a config that has its section. */
const gatherers: Readonly<Record<FederatedParty, () => Promise<GatherParty>>> = {
  gcp: async () => (await import("./gcp.ts")).gatherGoogle,
  azure: async () => (await import("./azure.ts")).gatherAzure,
  openbao: async () => (await import("./openbao.ts")).gatherOpenBao,
};

/** The facts of the relying parties that a config declares, AWS not among them. */
export async function gatherParties(
  options: GatherOptions,
  cluster: Promise<GatheredCluster>,
  wanted: LinkFilter,
): Promise<readonly PartyFacts[]> {
  if (options.awsOnly === true) return [];
  const names = federatedParties.filter((name) => options.config[name].length > 0);
  const gathered = names.map(async (name) => (await gatherers[name]())(options, cluster, wanted));
  return (await Promise.all(gathered)).flat();
}
