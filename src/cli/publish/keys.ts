import type { Config } from "../../config/index.ts";
import { PodtrustError, silentLogger } from "../../core/base/index.ts";
import { green, red, rich, yellow } from "../../core/terminal/index.ts";
import {
  checkedNamespace,
  type KubernetesApi,
  operatorKeysSecret,
} from "../../providers/kubernetes/index.ts";
import { distrustInKeeper, type UploadedOnce, uploadOnce } from "../../publisher/index.ts";
import type { CommandContext } from "../context.ts";
import { clusterOf } from "../options/cluster.ts";
import { configOf } from "../options/config.ts";

/** What was typed. */
export interface PublishKeysOptions {
  readonly file: string;
  readonly without?: readonly string[];
  /** Where the operator runs. */
  readonly namespace: string;
}

function printOne({ output }: CommandContext, { place, outcome }: UploadedOnce): void {
  if (outcome instanceof PodtrustError) {
    output.line(rich`${red("not uploaded")} to ${place}: ${outcome.message}`);
    return;
  }
  const { written, kids, warnings } = outcome;
  if (written.length > 0) output.line(rich`${green("uploaded")} to ${place}`);
  else output.line(`${place} has the keys as it should`);
  for (const kid of kids) output.line(`  ${kid}`);
  for (const warning of warnings) output.line(rich`${yellow("warning")}: ${warning}`);
}

/** Makes an operator that uploads the keys leave these out too: it would restore what the cluster shows. */
async function distrusted(
  { clock, output }: CommandContext,
  config: Config,
  { without = [], namespace }: PublishKeysOptions,
  cluster: KubernetesApi,
): Promise<void> {
  // For a publisher there is podtrust rotate distrust.
  if (config.publisher !== undefined) return;
  const kept = { config, secret: { namespace: checkedNamespace(namespace), name: operatorKeysSecret.name } };
  for (const kid of without) {
    const place = await distrustInKeeper(kept, kid, { cluster, clock, logger: silentLogger }).catch(
      (error: unknown) => {
        // The operator does not restore a key that it has never seen in the cluster.
        if (error instanceof PodtrustError && error.code === "publisher-key-unknown") return undefined;
        throw error;
      },
    );
    if (place !== undefined) output.line(`${kid} is distrusted in ${place}, which the operator follows`);
  }
}

/** `podtrust publish keys`: once, to every relying party. Throws the first failure after all were tried. */
export async function runPublishKeys(context: CommandContext, options: PublishKeysOptions): Promise<void> {
  const { env, clock, signal, output } = context;
  const { file, without = [] } = options;
  const config = await configOf(context, file);
  const cluster = await clusterOf(context, config);
  await distrusted(context, config, options, cluster);
  const uploaded = await uploadOnce({ config, cluster, without, env, clock, logger: silentLogger, signal });
  if (uploaded.length === 0)
    throw new PodtrustError("usage", `${config.file} has no relying party that keys are uploaded to`, {
      next: "Add the section gcp to it: its keys are uploaded unless it says keys: fetch. AWS, Azure and OpenBao fetch the issuer's.",
    });
  for (const one of uploaded) printOne(context, one);
  const done = uploaded.flatMap(({ place, outcome }) => {
    if (outcome instanceof PodtrustError) throw outcome;
    return [{ place, ...outcome }];
  });
  output.result({ uploaded: done });
}
