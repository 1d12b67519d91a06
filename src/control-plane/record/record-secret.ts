import { isDeepStrictEqual } from "node:util";
import { isRecord, PodtrustError, textOf } from "../../core/base/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../providers/kubernetes/index.ts";
import { emptyRecord, parseRecord, recordText, type RotationRecord } from "../../rules/rotation/index.ts";

/** Where a rotation's record lies between two runs. */
export interface RecordStore {
  read(signal: AbortSignal): Promise<RotationRecord>;
  /** Throws `rotation-elsewhere` if another process has written since the last `read`. */
  keep(record: RotationRecord, signal: AbortSignal): Promise<void>;
}

/** Where it lies. */
export const recordSecret = { namespace: "kube-system", name: "podtrust-rotation" } as const;
const ref = { kind: "Secret", ...recordSecret } as const;
const entry = "record.json";
/** For sentences. */
const recordPlace = `Secret ${ref.namespace}/${ref.name}`;

function entryOf({ data }: KubernetesObject): string {
  const encoded = textOf(isRecord(data) ? data[entry] : undefined) ?? "";
  return Buffer.from(encoded, "base64").toString("utf8");
}

/**
 * The record in a Secret of the cluster: the rotation can be continued from any machine. It holds key IDs and
 * times. It is changed on the condition that no other process has in between.
 */
export class RecordSecret implements RecordStore {
  readonly #cluster: Pick<KubernetesApi, "read" | "create" | "replace">;
  #object: KubernetesObject | undefined;

  constructor(cluster: Pick<KubernetesApi, "read" | "create" | "replace">) {
    this.#cluster = cluster;
  }

  async read(signal: AbortSignal): Promise<RotationRecord> {
    this.#object = await this.#cluster.read(ref, { signal });
    if (this.#object === undefined) return emptyRecord;
    const record = parseRecord(entryOf(this.#object));
    if (record !== undefined) return record;
    throw new PodtrustError("rotation-record", `the ${recordPlace} holds no record of a rotation`, {
      detail: { secret: recordPlace },
    });
  }

  async keep(record: RotationRecord, signal: AbortSignal): Promise<void> {
    const data = { [entry]: Buffer.from(recordText(record)).toString("base64") };
    const before = this.#object;
    try {
      this.#object =
        before === undefined
          ? await this.#cluster.create(fresh(data), { signal })
          : await this.#cluster.replace({ ...before, data }, { signal });
    } catch (error) {
      if (!(error instanceof PodtrustError) || error.code !== "cluster-conflict") throw error;
      throw new PodtrustError("rotation-elsewhere", `the ${recordPlace} was changed by another run`, {
        cause: error,
      });
    }
  }
}

/**
 * The record's text as a backup keeps it; undefined if there is none. Throws `rotation-record`, and
 * `cluster-*`: credentials for the issuer's documents only are refused.
 */
export async function keptRecord(
  cluster: ConstructorParameters<typeof RecordSecret>[0],
  signal: AbortSignal,
): Promise<string | undefined> {
  const record = await new RecordSecret(cluster).read(signal);
  return isDeepStrictEqual(record, emptyRecord) ? undefined : recordText(record);
}

const fresh = (data: Readonly<Record<string, string>>): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: {
    name: ref.name,
    namespace: ref.namespace,
    labels: { "app.kubernetes.io/managed-by": "podtrust" },
  },
  type: "Opaque",
  data,
});
