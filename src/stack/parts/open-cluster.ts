import { basename } from "node:path";
import { defined, PodtrustError } from "../../core/base/index.ts";
import type { Config } from "../../config/index.ts";
import { type KubernetesApi, openKubernetes } from "../../providers/kubernetes/index.ts";
import { openMachine } from "./host/machine.ts";
import type { PartContext } from "./part.ts";

export type ClusterContext = Pick<PartContext, "config" | "env" | "clock" | "consent">;

/** Whether a config has a cluster: one that it names, or that of its machine. */
export function hasCluster({ cluster, machine }: Pick<Config, "cluster" | "machine">): boolean {
  return cluster !== undefined || machine !== undefined;
}

/**
 * Opens the cluster of a config: the one that it names, else the one on its machine, through the SSH connection. The
 * connection ends with the process. Throws `usage` if there is neither, `machine-absent` if it does not exist yet, and
 * what `openKubernetes` throws.
 */
export async function openCluster(context: ClusterContext): Promise<KubernetesApi> {
  const { config, env, clock, consent } = context;
  const options = { env, clock, ...defined({ consent }) };
  if (config.cluster !== undefined) return openKubernetes(config.cluster, options);
  if (config.machine === undefined) {
    throw new PodtrustError("usage", `${basename(config.file)} has no cluster`, {
      next: "Add a cluster to it: {kubeconfig: ~/.kube/config}, with a context where it has several.",
    });
  }
  const machine = await openMachine(context);
  const { kubeconfig } = await machine.cluster();
  return openKubernetes({ kubeconfig }, options);
}
