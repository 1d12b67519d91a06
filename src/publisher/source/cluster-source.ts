import { type Clock, defined, errorText, type Logger, PodtrustError } from "../../core/base/index.ts";
import type { ClusterSource } from "../../config/index.ts";
import type { Consent } from "../../core/credentials/index.ts";
import { type KubernetesApi, openKubernetes } from "../../providers/kubernetes/index.ts";

export interface ClusterDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asked before the program of a kubeconfig that is not the user's own runs; if absent, none of them runs. */
  readonly consent?: Consent;
}

// Milliseconds for a question whose answer is optional if the cluster is away.
const askingRights = 3000;

/**
 * Opens a cluster with rights of the publisher's own. An administrator's are refused (`publisher-admin-credentials`):
 * an attacker in this process would have the cluster. A cluster that does not answer passes, since what is on disk has
 * to be served anyway.
 */
export async function openCluster(source: ClusterSource, deps: ClusterDeps): Promise<KubernetesApi> {
  const { env, clock, logger, consent } = deps;
  const cluster = await openKubernetes(source, {
    env,
    clock,
    isOwnConfig: true,
    ...defined({ consent }),
  });
  const admin = await cluster
    .canDoAnything({ signal: AbortSignal.timeout(askingRights) })
    .catch((error: unknown) => {
      logger.debug("the cluster does not say what these credentials may do", { error: errorText(error) });
      return false;
    });
  if (!admin) return cluster;
  throw new PodtrustError(
    "publisher-admin-credentials",
    `the publisher's credentials for ${cluster.server} may do anything in the cluster`,
  );
}
