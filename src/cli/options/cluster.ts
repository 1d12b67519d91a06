import { defined, PodtrustError } from "../../core/base/index.ts";
import type { Config } from "../../config/index.ts";
import { defaultKubeconfig, type KubernetesApi, openKubernetes } from "../../providers/kubernetes/index.ts";
import { openCluster } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "./config.ts";
import { consentOf } from "./consent.ts";

/** How a command line names a cluster. */
export interface ClusterOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  /** The config file. */
  readonly file?: string;
}

/** The cluster of a config; throws `usage` where it names none. */
export async function clusterOf(context: CommandContext, config: Config): Promise<KubernetesApi> {
  const { env, clock } = context;
  const consent = consentOf(context);
  return openCluster({ config, env, clock, consent });
}

/**
 * The cluster that a command line means: of the config file, of --kubeconfig, or kubectl's default.
 *
 * Throws PodtrustError `usage` for a contradiction or a config without a cluster, and what loadConfig throws.
 */
export async function chosenCluster(
  context: CommandContext,
  options: ClusterOptions,
): Promise<KubernetesApi> {
  const { env, clock, cwd } = context;
  const { file, kubeconfig, context: name } = options;
  if (file === undefined) {
    const files = kubeconfig === undefined ? defaultKubeconfig(env) : context.path(kubeconfig);
    const source = { kubeconfig: files, ...defined({ context: name }) };
    return openKubernetes(source, { env, clock, cwd, consent: consentOf(context) });
  }
  if (kubeconfig !== undefined || name !== undefined) {
    throw new PodtrustError(
      "usage",
      "-f names the cluster already; --kubeconfig and --context go without it",
    );
  }
  return clusterOf(context, await configOf(context, file));
}
