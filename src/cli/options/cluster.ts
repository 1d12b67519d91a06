import { PodtrustError } from "../../base/index.ts";
import type { ClusterSource } from "../../kubernetes/index.ts";
import type { CommandContext } from "../context.ts";

/** How a command line names a cluster. */
export interface ClusterChoice {
  readonly kubeconfig?: string;
  readonly context?: string;
  /** The config file. */
  readonly file?: string;
}

/**
 * The cluster that a command line means: of the config file, of --kubeconfig, or the one kubectl would take.
 *
 * Throws PodtrustError `usage` for a contradiction or a config without a cluster, and what loadConfig throws.
 */
export async function chosenCluster(context: CommandContext, choice: ClusterChoice): Promise<ClusterSource> {
  if (choice.file === undefined) {
    const { defaultKubeconfig } = await import("../../kubernetes/index.ts");
    const { kubeconfig } = choice;
    const files = kubeconfig === undefined ? defaultKubeconfig(context.env) : context.path(kubeconfig);
    return { kubeconfig: files, ...(choice.context === undefined ? {} : { context: choice.context }) };
  }
  if (choice.kubeconfig !== undefined || choice.context !== undefined) {
    throw new PodtrustError(
      "usage",
      "-f names the cluster already; --kubeconfig and --context go without it",
    );
  }
  const { loadConfig } = await import("../../config/index.ts");
  const { cluster } = await loadConfig(context.path(choice.file), context.env);
  if (cluster !== undefined) return cluster;
  throw new PodtrustError("usage", `${choice.file} has no cluster`, {
    next: "Add a cluster to it, or name one by --kubeconfig FILE.",
  });
}
