import { apiVersion, type BoundParty, partyNames } from "../../rules/bindings/index.ts";
import type { CallOptions, KubernetesApi } from "../../providers/kubernetes/index.ts";

const all = Object.keys(partyNames) as readonly BoundParty[];

/**
 * The relying parties whose bindings a cluster knows, in the order of `partyNames`. It asks which resources are served
 * and needs no right on bindings: without it, listing a kind that is not installed fails as forbidden. Throws what
 * `KubernetesApi.servedResources` throws.
 */
export async function installedParties(
  cluster: Pick<KubernetesApi, "servedResources">,
  options: CallOptions = {},
): Promise<readonly BoundParty[]> {
  const served = new Set(await cluster.servedResources(apiVersion, options));
  return all.filter((party) => served.has(partyNames[party].binding.plural));
}
