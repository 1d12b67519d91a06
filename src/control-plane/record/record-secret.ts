import { isRecord, PodtrustError, textOf } from "../../core/base/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../providers/kubernetes/index.ts";
import {
  emptyRecord,
  parseRecord,
  parseShownRecord,
  type RotationRecord,
  shownRecordText,
} from "../../rules/rotation/index.ts";

const ref = { kind: "Secret", namespace: "kube-system", name: "podtrust-rotation" } as const;
const entry = "record.json";
const fieldManager = "podtrust-rotate";

function entryOf({ data }: KubernetesObject): string {
  const encoded = textOf(isRecord(data) ? data[entry] : undefined) ?? "";
  return Buffer.from(encoded, "base64").toString("utf8");
}

/** The cluster, as far as the Secret goes. */
export type SecretCluster = Pick<KubernetesApi, "read" | "apply">;

/**
 * The record that a podtrust of before kept in the Secret, which was all that there was then; undefined where there is none, or another
 * wrote it. Whoever may write the Secret may have written that: `checkedEarlier` judges it. Throws `cluster-*`.
 */
export async function earlierRecord(
  cluster: Pick<SecretCluster, "read">,
  signal: AbortSignal,
): Promise<RotationRecord | undefined> {
  const object = await cluster.read(ref, { signal });
  return object === undefined ? undefined : parseRecord(entryOf(object));
}

/** What the Secret says of a rotation, for a reader that decides nothing by it. Throws `cluster-*`. */
export async function shownRecord(
  cluster: Pick<SecretCluster, "read">,
  signal: AbortSignal,
): Promise<RotationRecord> {
  const object = await cluster.read(ref, { signal });
  const record = object === undefined ? emptyRecord : parseShownRecord(entryOf(object));
  if (record !== undefined) return record;
  const secret = `Secret ${ref.namespace}/${ref.name}`;
  throw new PodtrustError("rotation-record", `the ${secret} shows no record of a rotation`, {
    next: "podtrust rotate status writes it anew.",
    detail: { object: secret },
  });
}

/** Writes the Secret for others to see; a podtrust that kept its record there refuses it. Throws `cluster-*`. */
export async function showRecord(
  cluster: Pick<SecretCluster, "apply">,
  record: RotationRecord,
  signal: AbortSignal,
): Promise<void> {
  const object = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: ref.name,
      namespace: ref.namespace,
      labels: { "app.kubernetes.io/managed-by": "podtrust" },
    },
    type: "Opaque",
    data: { [entry]: Buffer.from(shownRecordText(record)).toString("base64") },
  };
  await cluster.apply(object, { fieldManager, force: true, signal });
}
