import { type JsonRecord, recordOf, recordsOf, textOf } from "../../base/index.ts";
import type { Regarding } from "../../kubernetes/index.ts";

/** Who makes a new pod for one that was evicted. A Job counts an evicted pod as a failure, and so is none. */
const recreating = new Set(["ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController"]);

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

/** The controller that owns a pod; undefined for a bare one, and for one of a node itself (a static pod). */
export function ownerOf(pod: JsonRecord): Regarding | undefined {
  const metadata = recordOf(pod["metadata"]);
  const owner = recordsOf(metadata["ownerReferences"]).find(({ controller }) => controller === true);
  const [apiVersion, kind, name, uid] = ["apiVersion", "kind", "name", "uid"].map((key) =>
    textOf(owner?.[key]),
  );
  if (apiVersion === undefined || kind === undefined || name === undefined || kind === "Node")
    return undefined;
  const namespace = textOf(metadata["namespace"]) ?? "";
  return { apiVersion, kind, namespace, name, ...(uid === undefined ? {} : { uid }) };
}

/** Whether the owner makes a new pod for one that goes. */
export function recreates(owner: Regarding | undefined): owner is Regarding {
  return owner !== undefined && recreating.has(owner.kind);
}
