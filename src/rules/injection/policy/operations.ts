import { enclosed, listIf, literal } from "./cel.ts";

/*
 * A value of a patch is never a list of objects: `[Object.…{}]` there panics the request on Kubernetes 1.35 and 1.36, so
 * that lists are made empty and filled one by one. ApplyConfiguration cannot add a volume to a list that has some.
 */

/** An operation of a JSON patch that adds; both are expressions. */
export const add = (path: string, value: string): string =>
  enclosed("JSONPatch{", ['op: "add"', `path: ${path}`, `value: ${value}`], "}");

/**
 * The patch where there is nothing to do. The API server makes a pod anew even of a patch without operations: it
 * writes and reads all of it. Where a test fails it takes the pod as it is. No pod has this member.
 */
export const nothingToDo = '[JSONPatch{op: "test", path: "/podtrust", value: "something to do"}]';

const volumes = "object.spec.?volumes.orValue([])";

/** The list of volumes, where the pod has none. */
export const volumeList: string = listIf(`size(${volumes}) == 0`, add('"/spec/volumes"', "[]"));

export const lacksVolume = (name: string): string =>
  `!${volumes}.exists(volume, volume.name == ${literal(name)})`;

/** The type of a source of a projected volume. */
export const sourceType = "Object.spec.volumes.projected.sources";

/** A projected volume; `more` are further members of it. */
export function projectedVolume(
  name: string,
  sources: readonly string[],
  ...more: readonly string[]
): string {
  const list = `sources: ${enclosed("[", sources, "]")}`;
  const inside = enclosed("Object.spec.volumes.projected{", [list, ...more], "}");
  return enclosed("Object.spec.volumes{", [`name: ${literal(name)}`, `projected: ${inside}`], "}");
}

/** The ServiceAccount's token in a file, by the variables `audience` and `expiration`. */
export function tokenSource(file: string): string {
  return enclosed(
    `${sourceType}{serviceAccountToken: ${sourceType}.serviceAccountToken{`,
    ["audience: variables.audience", "expirationSeconds: variables.expiration", `path: ${literal(file)}`],
    "}}",
  );
}

/** An annotation of the pod in a file. */
export function annotationSource(annotation: string, file: string): string {
  const items = `${sourceType}.downwardAPI.items`;
  const field = `${items}.fieldRef{fieldPath: ${literal(`metadata.annotations['${annotation}']`)}}`;
  return enclosed(
    `${sourceType}{downwardAPI: ${sourceType}.downwardAPI{items: [${items}{`,
    [`path: ${literal(file)}`, `fieldRef: ${field}`],
    "}]}}",
  );
}

/** An annotation for pods that lack it, where a condition holds, if there is one; `value` is an expression. */
export function annotationOperations(key: string, value: string, condition?: string): readonly string[] {
  const where = (...conditions: readonly string[]): string =>
    [...(condition === undefined ? [] : [condition]), ...conditions].join(" && ");
  const isAbsent = `!object.metadata.?annotations[?${literal(key)}].hasValue()`;
  return [
    listIf(
      where("!has(object.metadata.annotations)"),
      add('"/metadata/annotations"', `{${literal(key)}: ${value}}`),
    ),
    listIf(
      where("has(object.metadata.annotations)", isAbsent),
      add(literal(`/metadata/annotations/${key.replace("/", "~1")}`), value),
    ),
  ];
}

/** A mount of a volume; `path` is an expression. */
export function mountOf(volume: string, path: string): string {
  return `Object.spec.containers.volumeMounts{name: ${literal(volume)}, readOnly: true, mountPath: ${path}}`;
}
