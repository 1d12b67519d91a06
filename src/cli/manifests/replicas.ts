import { errorText, PodtrustError } from "../../core/base/index.ts";
import { defaultPodSettings, parsePodSettings, type PodSettings } from "../../config/index.ts";
import { readBoundedText } from "../../core/files/index.ts";
import { checkedNamespace } from "../../providers/kubernetes/index.ts";
import { objectsYaml } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import type { ReplicaOptions } from "../options/replicas.ts";

/** A whole number that was typed. Throws `usage`. */
export function whole(option: string, text: string, max: number): number {
  const value = /^[1-9]\d{0,4}$/u.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  throw new PodtrustError("usage", `${option} ${text}: it is no whole number from 1 to ${max}`, {
    next: `Give a number from 1 to ${max}.`,
  });
}

function imageOf(image: string): string {
  // https://github.com/distribution/reference: enough of it to keep anything else out of a manifest.
  if (/^[\w][\w.:/@-]{0,500}$/u.test(image)) return image;
  throw new PodtrustError("usage", `--image ${image}: it is no name of an image`, {
    next: "Give a name such as registry.example.com/podtrust:0.1.0.",
  });
}

/** How everything that runs as replicas is deployed. */
interface Replicas {
  readonly namespace: string;
  readonly name: string;
  readonly image: string;
  readonly replicas: number;
  readonly apiServerPort: number;
  readonly priorityClass: string;
  readonly monitoringNamespaces: readonly string[];
  readonly environmentSecret: string;
  readonly pods: PodSettings;
}

const maxSettingsBytes = 256 * 1024;

/** The settings of a file, with the defaults of what it leaves out. Throws `file-unreadable`, and `usage` with every mistake. */
async function podSettingsOf(context: CommandContext, file: string | undefined): Promise<PodSettings> {
  if (file === undefined) return defaultPodSettings;
  const text = await readBoundedText(context.path(file), maxSettingsBytes).catch((cause: unknown) => {
    throw new PodtrustError("file-unreadable", `${file}: ${errorText(cause)}`, { cause });
  });
  const read = parsePodSettings(text);
  if ("settings" in read) return read.settings;
  const mistakes = read.problems.map(({ line, message }) => `\n  ${file}:${line}: ${message}`).join("");
  throw new PodtrustError("usage", `the settings of pods have mistakes:${mistakes}`, {
    next: "The keys are those of operator.pods in deploy/chart/values.yaml.",
  });
}

/** What was typed, checked. Throws `usage`, and what reading the settings of pods throws. */
export async function replicasOf(context: CommandContext, options: ReplicaOptions): Promise<Replicas> {
  const { namespace, name, priorityClass, environmentSecret = `${name}-environment` } = options;
  return {
    namespace,
    name,
    priorityClass,
    environmentSecret,
    pods: await podSettingsOf(context, options.pods),
    image: imageOf(options.image),
    replicas: whole("--replicas", options.replicas, 9),
    apiServerPort: whole("--api-server-port", options.apiServerPort, 65_535),
    monitoringNamespaces: options.monitoringNamespace.map((one) => checkedNamespace(one)),
  };
}

/** Settings that all parts of the chart share. */
type Shared = Pick<
  Replicas,
  "namespace" | "image" | "apiServerPort" | "priorityClass" | "monitoringNamespaces" | "pods"
>;

/** The same as values of the chart for one part, with what all parts share beside it; Helm merges several such files. */
export function printValues(
  { json, output }: CommandContext,
  part: string,
  spec: Shared,
  more: object = {},
): void {
  const {
    namespace,
    image,
    apiServerPort,
    priorityClass,
    monitoringNamespaces,
    pods: settings,
    ...own
  } = spec;
  const { commonLabels, ...pods } = settings;
  const shared = { namespace, image, apiServerPort, priorityClass, monitoringNamespaces, commonLabels };
  const values = { ...shared, [part]: { enabled: true, ...own, pods }, ...more };
  if (json) output.result(values);
  else output.raw(objectsYaml([values]));
}
