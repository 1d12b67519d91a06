import { type JsonRecord, recordOf, recordsOf } from "../../core/base/index.ts";
import { skipLabel } from "./annotations.ts";
import { annotationsOf } from "./annotated-access.ts";
import type { InjectionNote } from "./notes.ts";
import { folderPath } from "./mount-paths.ts";
import { isWindows } from "./pod.ts";

/** What one relying party's injection makes of a pod. */
export interface PartyInjection {
  /** The object that was given where nothing is added. */
  readonly pod: JsonRecord;
  /** What was wrong with annotations. */
  readonly notes: readonly InjectionNote[];
}

/** Variables that only make sense together: where a container has one of them, it gets none. */
export interface TokenVariables {
  readonly names: readonly string[];
  readonly value: string;
  /** It names a file of the volume: not for a container with a volume of its own in the folder. */
  readonly isFile: boolean;
}

/** What a pod is given for one relying party beside AWS: a volume with a token for it alone, and variables. */
export interface TokenInjection {
  readonly volume: { readonly name: string } & JsonRecord;
  /** Where each container has it. */
  readonly folder: string;
  readonly variables: readonly TokenVariables[];
  /** The names of containers that are left alone. */
  readonly skipped: readonly string[];
  /** What a file of the volume is made of, where that is a text. */
  readonly annotation?: { readonly key: string; readonly value: string };
}

/** A container with mount and variables; the same object where it has all of it. */
function injectContainer(container: JsonRecord, { volume, folder, variables }: TokenInjection): JsonRecord {
  const mounts = recordsOf(container["volumeMounts"]);
  const there = mounts.filter(({ mountPath }) => folderPath(String(mountPath)) === folder);
  const hasFiles = there.length === 0 || there.some(({ name }) => name === volume.name);
  const present = new Set(recordsOf(container["env"]).map(({ name }) => name));
  const added = variables
    .filter(({ isFile, names }) => (hasFiles || !isFile) && !names.some((name) => present.has(name)))
    .flatMap(({ names, value }) => names.map((name) => ({ name, value })));
  const mount = { name: volume.name, readOnly: true, mountPath: folder };
  const withVariables =
    added.length === 0 ? container : { ...container, env: [...recordsOf(container["env"]), ...added] };
  return there.length > 0 ? withVariables : { ...withVariables, volumeMounts: [...mounts, mount] };
}

function withAnnotation(pod: JsonRecord, annotation: TokenInjection["annotation"]): JsonRecord {
  const annotations = annotationsOf(pod);
  if (annotation === undefined || annotations[annotation.key] !== undefined) return pod;
  const { key, value } = annotation;
  const metadata = { ...recordOf(pod["metadata"]), annotations: { ...annotations, [key]: value } };
  return { ...pod, metadata };
}

/** Whether a pod gets nothing whatever it asks for: by its label, or on Windows, where paths are others. */
export function isLeftAlone(pod: JsonRecord): boolean {
  const labels = recordOf(recordOf(pod["metadata"])["labels"]);
  return labels[skipLabel] !== undefined || isWindows(recordOf(pod["spec"]));
}

/**
 * A pod with what one relying party's clients look for, beside whatever else it has. What exists already stays. Given
 * its own result it returns the same object.
 */
export function injectToken(pod: JsonRecord, injection: TokenInjection): JsonRecord {
  const { volume, skipped, annotation } = injection;
  const before = recordOf(pod["spec"]);
  let spec = before;
  for (const key of ["initContainers", "containers"]) {
    const containers = recordsOf(spec[key]);
    const injected = containers.map((one) =>
      skipped.includes(String(one["name"])) ? one : injectContainer(one, injection),
    );
    if (injected.some((one, index) => one !== containers[index])) spec = { ...spec, [key]: injected };
  }
  const volumes = recordsOf(spec["volumes"]);
  if (!volumes.some(({ name }) => name === volume.name)) spec = { ...spec, volumes: [volume, ...volumes] };
  return withAnnotation(spec === before ? pod : { ...pod, spec }, annotation);
}
