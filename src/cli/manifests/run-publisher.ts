import { PodtrustError } from "../../base/index.ts";
import {
  type DeploymentChoice,
  type Exposure,
  publisherObjects,
  publisherWish,
} from "../../publisher/index.ts";
import { objectsYaml } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";

/** What was typed. */
export interface PublisherManifestsOptions {
  readonly file: string;
  readonly image: string;
  readonly namespace: string;
  readonly name: string;
  readonly replicas: string;
  readonly expose: Exposure;
  readonly apiServerPort: string;
  readonly environmentSecret?: string;
  readonly values?: boolean;
}

function whole(option: string, text: string, most: number): number {
  const value = /^[1-9]\d{0,4}$/u.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  throw new PodtrustError("usage", `${option} ${text}: it is no whole number from 1 to ${most}`, {
    next: `Give a number from 1 to ${most}.`,
  });
}

function imageOf(image: string): string {
  // https://github.com/distribution/reference: enough of it to keep anything else out of a manifest.
  if (/^[\w][\w.:/@-]{0,500}$/u.test(image)) return image;
  throw new PodtrustError("usage", `--image ${image}: it is no name of an image`, {
    next: "Give a name such as registry.example.com/podtrust:0.1.0.",
  });
}

function choiceOf(options: PublisherManifestsOptions): DeploymentChoice {
  const { namespace, name, expose, environmentSecret = `${name}-environment` } = options;
  return {
    namespace,
    name,
    expose,
    environmentSecret,
    image: imageOf(options.image),
    replicas: whole("--replicas", options.replicas, 9),
    apiServerPort: whole("--api-server-port", options.apiServerPort, 65_535),
  };
}

/** `podtrust manifests publisher`: YAML for kubectl apply, or values for Helm; with `--json` the same as one List. */
export async function runPublisherManifests(
  context: CommandContext,
  options: PublisherManifestsOptions,
): Promise<void> {
  const choice = choiceOf(options);
  const config = await configOf(context, options.file);
  const wish = await publisherWish(config, choice);
  const { output } = context;
  if (options.values === true) {
    if (context.json) output.result(wish);
    else output.raw(objectsYaml([wish]));
    return;
  }
  const items = publisherObjects(wish);
  if (context.json) output.result({ apiVersion: "v1", kind: "List", items });
  else output.raw(objectsYaml(items));
}
