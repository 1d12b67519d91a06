import { audienceFor } from "../../config/index.ts";
import { PodtrustError } from "../../core/base/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { federatedParties, type RelyingPartyName, type ServiceAccountName } from "../../rules/oidc/index.ts";
import type { CommandContext } from "../context.ts";
import { chosenCluster, clusterOf, type ClusterOptions } from "../options/cluster.ts";
import { configOf } from "../options/config.ts";

/** Options that choose a token's audience. */
export interface PartyOptions extends ClusterOptions {
  readonly for: string;
  readonly audience?: readonly string[];
}

function partyOf(name: string): RelyingPartyName {
  const all: readonly RelyingPartyName[] = ["aws", ...federatedParties];
  const found = all.find((one) => one === name);
  if (found !== undefined) return found;
  throw new PodtrustError("usage", `--for ${name} is no relying party`, { next: `Give ${all.join(", ")}.` });
}

/**
 * The audience that a relying party of the config expects of a ServiceAccount, and the cluster that makes its token: the
 * config's, unless --kubeconfig or --context name another. Throws `usage`, and what loadConfig throws.
 */
export async function tokenFor(
  context: CommandContext,
  options: PartyOptions,
  account: ServiceAccountName,
): Promise<{ readonly audiences: readonly string[]; readonly api: KubernetesApi }> {
  const party = partyOf(options.for);
  if (options.audience !== undefined) {
    throw new PodtrustError("usage", "--for takes the audience from the config, and --audience gives one", {
      next: "Leave one of them out.",
    });
  }
  const { file = "podtrust.yaml", ...cluster } = options;
  const config = await configOf(context, file);
  const audiences = [await audienceFor(config, party, account)];
  const isNamed = cluster.kubeconfig !== undefined || cluster.context !== undefined;
  const api = isNamed ? chosenCluster(context, cluster) : clusterOf(context, config);
  return { audiences, api: await api };
}
