import type {
  KubernetesApi,
  KubernetesObject,
  ObjectQuery,
  ObjectRef,
} from "../../src/providers/kubernetes/index.ts";
import { PodtrustError } from "../../src/core/base/index.ts";

type Part = Pick<KubernetesApi, "read" | "list" | "apply" | "remove" | "podLog">;

/** What a pod of the cluster goes through: one entry for each time that it is looked at, the last for ever. */
export interface PodLife {
  readonly status: object;
  /** All that it has written by then. */
  readonly log?: string;
}

/**
 * The object calls of a cluster, in memory: what is applied stands there, and a Job has one pod that lives as the
 * test says. For the order of events only; what a real API server makes of them is for test/cluster.
 */
export class MemoryCluster implements Part {
  readonly objects = new Map<string, KubernetesObject>();
  readonly calls: string[] = [];
  life: readonly PodLife[] = [];
  events: readonly KubernetesObject[] = [];
  #looks = 0;
  #made = 0;

  static key(kind: string, namespace: string | undefined, name: string): string {
    return `${kind} ${namespace ?? ""}/${name}`;
  }

  put(object: KubernetesObject): KubernetesObject {
    const { namespace, name } = object.metadata;
    const metadata = { uid: `uid-${(this.#made += 1)}`, ...object.metadata };
    const kept = { ...object, metadata };
    this.objects.set(MemoryCluster.key(object.kind, namespace, name), kept);
    return kept;
  }

  get(kind: string, namespace: string, name: string): KubernetesObject | undefined {
    return this.objects.get(MemoryCluster.key(kind, namespace, name));
  }

  async read(ref: ObjectRef): Promise<KubernetesObject | undefined> {
    return Promise.resolve(this.objects.get(MemoryCluster.key(ref.kind, ref.namespace, ref.name)));
  }

  async list({ kind, namespace = "" }: ObjectQuery): Promise<readonly KubernetesObject[]> {
    if (kind === "Event") return Promise.resolve(this.events);
    const life = this.life[Math.min(this.#looks, this.life.length - 1)];
    this.#looks += 1;
    if (life === undefined) return Promise.resolve([]);
    const metadata = { name: "demo-app-x1", namespace, uid: "pod" };
    return Promise.resolve([{ apiVersion: "v1", kind: "Pod", metadata, status: life.status }]);
  }

  async apply(object: KubernetesObject): Promise<KubernetesObject> {
    const { namespace, name } = object.metadata;
    this.calls.push(`apply ${object.kind} ${namespace ?? ""}/${name}`);
    const before = this.objects.get(MemoryCluster.key(object.kind, namespace, name));
    return Promise.resolve(
      this.put(
        before === undefined
          ? object
          : { ...before, ...object, metadata: { ...object.metadata, ...before.metadata } },
      ),
    );
  }

  async remove(ref: ObjectRef, options: { readonly uid?: string } = {}): Promise<"removed" | "absent"> {
    this.calls.push(`remove ${ref.kind} ${ref.namespace ?? ""}/${ref.name}`);
    const key = MemoryCluster.key(ref.kind, ref.namespace, ref.name);
    const found = this.objects.get(key);
    if (found === undefined) return Promise.resolve("absent");
    if (options.uid !== undefined && options.uid !== found.metadata.uid) {
      throw new PodtrustError("cluster-conflict", "the uid is another one");
    }
    this.objects.delete(key);
    return Promise.resolve("removed");
  }

  async podLog(): Promise<{ text: string; full: boolean }> {
    const life = this.life[Math.min(Math.max(0, this.#looks - 1), this.life.length - 1)];
    return Promise.resolve({ text: life?.log ?? "", full: false });
  }
}
