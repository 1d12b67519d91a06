import { defined, type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import { inject, injectionFault, type Surroundings } from "../../rules/injection/index.ts";
import type { Regarding } from "../../providers/kubernetes/index.ts";

/** Owners that replace an evicted pod. A Job counts an evicted pod as a failure, so it is not one. */
const recreating = ["ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController"] as const;

/** An owner that replaces a deleted pod. */
export interface Recreating extends Regarding {
  readonly kind: (typeof recreating)[number];
  readonly uid: string;
}

/** A pod as an Event names it. */
export function podRegarding(pod: JsonRecord): Regarding {
  const metadata = recordOf(pod["metadata"]);
  return {
    apiVersion: "v1",
    kind: "Pod",
    namespace: textOf(metadata["namespace"]) ?? "",
    name: textOf(metadata["name"]) ?? "",
    uid: textOf(metadata["uid"]) ?? "",
  };
}

/** The controller that owns a pod; undefined for a bare one, and for a static pod of a node. */
export function ownerOf(pod: JsonRecord): Regarding | undefined {
  const metadata = recordOf(pod["metadata"]);
  const owner = recordsOf(metadata["ownerReferences"]).find(({ controller }) => controller === true);
  const [apiVersion, kind, name, uid] = ["apiVersion", "kind", "name", "uid"].map((key) =>
    textOf(owner?.[key]),
  );
  if (apiVersion === undefined || kind === undefined || name === undefined || kind === "Node")
    return undefined;
  const namespace = textOf(metadata["namespace"]) ?? "";
  return { apiVersion, kind, namespace, name, ...defined({ uid }) };
}

/** Whether the owner replaces a deleted pod. */
export function recreates(owner: Regarding | undefined): owner is Recreating {
  return owner?.uid !== undefined && (recreating as readonly string[]).includes(owner.kind);
}

/**
 * Whether the owner's next pod, by its template, would be as injection makes it. If the template sets a role of its
 * own, or outdated profiles, each new pod has the same fault, however often it is evicted.
 */
export function makesItWell(owner: JsonRecord, around: Surroundings): boolean {
  const template = recordOf(recordOf(owner["spec"])["template"]);
  return injectionFault(inject(template, around).pod, around) === undefined;
}
