import { type JsonRecord, recordOf, recordsOf } from "../../core/base/index.ts";
import type { InjectionFault } from "./fault.ts";
import { injectOpenBao, openbaoAnnotations } from "./openbao.ts";
import { placeTaken } from "./notes.ts";
import { folderPath } from "./mount-paths.ts";
import { containersOf } from "./pod.ts";

const namesIn = (container: JsonRecord | undefined): readonly string[] =>
  recordsOf(container?.["env"]).map(({ name }) => String(name));

/** How a container gets its token. */
interface TokenDelivery {
  /** One of these variables is enough. */
  readonly variables: readonly [string, ...string[]];
  /** Where the token is. */
  readonly folder: string;
  readonly inject: (pod: JsonRecord) => JsonRecord;
}

/** The names of the containers to which injection would still give a variable. */
function withoutVariable(pod: JsonRecord, { variables, inject }: TokenDelivery): readonly string[] {
  const after = containersOf(inject(pod));
  const hasVariable = (container: JsonRecord | undefined): boolean =>
    namesIn(container).some((name) => variables.includes(name));
  return containersOf(pod)
    .filter((one, index) => !hasVariable(one) && hasVariable(after[index]))
    .map(({ name }) => String(name));
}

/** A pod without the mounts that take the token's place; the same object where there are none. */
function withPlace(pod: JsonRecord, folder: string): JsonRecord {
  const isElsewhere = ({ mountPath }: JsonRecord): boolean => folderPath(String(mountPath)) !== folder;
  const spec = recordOf(pod["spec"]);
  const lists = ["initContainers", "containers"].filter((list) =>
    recordsOf(spec[list]).some(({ volumeMounts }) => !recordsOf(volumeMounts).every(isElsewhere)),
  );
  if (lists.length === 0) return pod;
  const placed = lists.map((list) => [
    list,
    recordsOf(spec[list]).map((one) => ({
      ...one,
      volumeMounts: recordsOf(one["volumeMounts"]).filter(isElsewhere),
    })),
  ]);
  return { ...pod, spec: { ...spec, ...Object.fromEntries(placed) } };
}

/**
 * A container that has no variable with the path of its token, by injection or otherwise. A token of the pod's own, and
 * one that another webhook gave it under another path, are as good: a container with one of the variables lacks
 * nothing.
 */
export function deliveryFault(pod: JsonRecord, delivery: TokenDelivery): InjectionFault | undefined {
  const { variables, folder } = delivery;
  const placed = withPlace(pod, folder);
  const lacking = withoutVariable(pod, delivery);
  const unplaced = (placed === pod ? [] : withoutVariable(placed, delivery)).filter(
    (name) => !lacking.includes(name),
  );
  if (unplaced.length > 0) {
    const text = `has no place for its token in the container ${unplaced[0]}${placeTaken(folder)}`;
    return { reason: "PodTokenNotMounted", text };
  }
  if (lacking.length === 0) return undefined;
  return { reason: "PodNotInjected", text: `has no ${variables[0]} in the container ${lacking[0]}` };
}

const volumesOf = (pod: JsonRecord): readonly string[] =>
  recordsOf(recordOf(pod["spec"])["volumes"]).map(({ name }) => String(name));

/** The fault of a token that the pod itself asks for. */
export function openbaoFault(pod: JsonRecord): InjectionFault | undefined {
  const has = volumesOf(pod);
  const lacking = volumesOf(injectOpenBao(pod)).find((name) => !has.includes(name));
  if (lacking === undefined) return undefined;
  const text = `has no volume ${lacking}, for which its annotation ${openbaoAnnotations.address} asks`;
  return { reason: "PodNotInjected", text };
}
