import { type Exposure, publisherObjects, publisherSpec } from "../../publisher/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import type { ReplicaOptions } from "../options/replicas.ts";
import { printObjects } from "./print-objects.ts";
import { printValues, replicasOf } from "./replicas.ts";

/** What was typed. */
export interface PublisherManifestsOptions extends ReplicaOptions {
  readonly file: string;
  readonly expose: Exposure;
}

/** `podtrust manifests publisher`: YAML for kubectl apply, or values for Helm; with `--json` the same as one List. */
export async function runPublisherManifests(
  context: CommandContext,
  options: PublisherManifestsOptions,
): Promise<void> {
  const choice = { ...(await replicasOf(context, options)), expose: options.expose };
  const config = await configOf(context, options.file);
  const spec = await publisherSpec(config, choice);
  if (options.values === true) printValues(context, "publisher", spec);
  else printObjects(context, publisherObjects(spec));
}
