import { PodtrustError, silentLogger } from "../../core/base/index.ts";
import { readTextFile } from "../../core/command-line/index.ts";
import { type Config, publisherOf } from "../../config/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { handOverInSecret, restoreKey } from "../../publisher/index.ts";
import type { CommandContext } from "../context.ts";
import { clusterOf } from "../options/cluster.ts";
import { configOf } from "../options/config.ts";
import { handOverOnMachine } from "./on-machine.ts";
import { maxPem, type RotateOptions } from "./run.ts";

/** A key that a publisher is to publish though the cluster has not shown it: its ID, and its public half in PEM. */
interface KeyToHandOver {
  readonly kid: string;
  readonly publicKey: string;
}

/** The publisher's program in its image, as `kubectl exec` starts it. */
const inPod =
  "kubectl exec -i --namespace podtrust deploy/podtrust-publisher -- /usr/local/bin/node /opt/podtrust/dist/cli/main.js";

/**
 * Hands a key over to a publisher that is not here: over SSH to the one on the config's machine, or through the Secret that the
 * replicas in pods share. Returns where, for a sentence; undefined for a config with neither. Throws `host-command-failed`,
 * `cluster-*` and what `handOverInSecret` throws.
 */
async function handedOverElsewhere(
  context: CommandContext,
  config: Config,
  key: KeyToHandOver,
  cluster: () => Promise<KubernetesApi>,
): Promise<string | undefined> {
  if (await handOverOnMachine(context, config, key)) return "the publisher on the machine";
  if (publisherOf(config).store === undefined) return undefined;
  const { clock } = context;
  return handOverInSecret(config, key, { cluster: await cluster(), clock, logger: silentLogger });
}

/**
 * Hands a key over to the publisher of a config, wherever it runs: also by its control socket here. Throws
 * `publisher-not-running` with what to type where it runs, and as above.
 */
export async function handOverToPublisher(
  context: CommandContext,
  config: Config,
  key: KeyToHandOver,
  cluster: KubernetesApi,
): Promise<void> {
  const place = await handedOverElsewhere(context, config, key, () => Promise.resolve(cluster));
  if (place !== undefined) {
    context.progress.line(`${key.kid} is handed over in ${place}.`, 2);
    return;
  }
  try {
    await restoreKey(publisherOf(config).stateDir, key.kid, { publicKey: key.publicKey });
  } catch (error) {
    if (!(error instanceof PodtrustError) || error.code !== "publisher-not-running") throw error;
    throw new PodtrustError("publisher-not-running", error.message, {
      cause: error,
      next: `Hand the key over where the publisher runs, with this on its standard input, then run the same command again: podtrust rotate restore ${key.kid} --public-key -\nIn a pod: ${inPod} rotate restore ${key.kid} --public-key - --state /dev/shm/podtrust\n${key.publicKey}`,
      detail: { kid: key.kid },
    });
  }
}

/**
 * Does something at the publisher. Where none answers here it counts as done once what is published shows it: a person did it
 * where the publisher runs.
 */
export async function orSeen(work: () => Promise<void>, isSeen: () => Promise<boolean>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const isElsewhere = error instanceof PodtrustError && error.code === "publisher-not-running";
    if (!isElsewhere || !(await isSeen())) throw error;
  }
}

/** `podtrust rotate restore KID --public-key FILE` for a publisher that is not here; false where it may be. */
export async function runHandOver(
  context: CommandContext,
  options: RotateOptions,
  kid: string,
): Promise<boolean> {
  if (options.publicKey === undefined) return false;
  const config = await configOf(context, options.file ?? "podtrust.yaml");
  if (config.publisher === undefined) return false;
  const how = { option: "--public-key", name: options.publicKey, maxBytes: maxPem, stdin: true } as const;
  const publicKey = await readTextFile(context, how);
  const place = await handedOverElsewhere(context, config, { kid, publicKey }, () =>
    clusterOf(context, config),
  );
  if (place === undefined) {
    const { runRotateRestore } = await import("./run.ts");
    await runRotateRestore(context, kid, options, publicKey);
    return true;
  }
  context.output.line(`${kid} was handed over in ${place}.`);
  context.output.result({ kid, place });
  return true;
}
