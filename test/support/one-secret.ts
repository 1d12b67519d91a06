import { PodtrustError, recordOf, textOf } from "../../src/core/base/index.ts";
import type { KubernetesObject } from "../../src/providers/kubernetes/index.ts";

/** One Secret of an API server that can be away. */
export class OneSecret {
  away = false;
  object: KubernetesObject = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "podtrust-distrusted", namespace: "podtrust", resourceVersion: "1" },
  };

  read(): Promise<KubernetesObject> {
    return this.#answer(() => this.object);
  }

  replace(next: KubernetesObject): Promise<KubernetesObject> {
    return this.#answer(() => (this.object = next));
  }

  create(): Promise<never> {
    return Promise.reject(new Error("nothing is made here"));
  }

  #answer(give: () => KubernetesObject): Promise<KubernetesObject> {
    if (this.away) return Promise.reject(new PodtrustError("cluster-unreachable", "connect ECONNREFUSED"));
    return Promise.resolve(give());
  }

  /** Writes an entry as somebody else who may. */
  write(entry: string, text: string): void {
    const { metadata, data } = this.object;
    const resourceVersion = String(Number(metadata.resourceVersion ?? 0) + 1);
    const encoded = Buffer.from(text).toString("base64");
    this.object = {
      ...this.object,
      metadata: { ...metadata, resourceVersion },
      data: { ...recordOf(data), [entry]: encoded },
    };
  }

  /** Deletes an entry as somebody else who may. */
  delete(entry: string): void {
    const { [entry]: _gone, ...data } = recordOf(this.object["data"]);
    const resourceVersion = String(Number(this.object.metadata.resourceVersion ?? 0) + 1);
    this.object = { ...this.object, metadata: { ...this.object.metadata, resourceVersion }, data };
  }

  /** What an entry holds. */
  text(entry: string): string | undefined {
    const encoded = textOf(recordOf(this.object["data"])[entry]);
    return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8");
  }
}
