import { randomInt } from "node:crypto";
import { PodtrustError, type JsonRecord } from "../../base/index.ts";
import { annotationsView, type Surroundings } from "../../injection/index.ts";
import type { KubernetesApi, Mirror, ObjectRef } from "../../kubernetes/index.ts";
import type { Roles } from "../roles.ts";

/** What is followed of the cluster, with every object of its kind. */
type Followed = Pick<Mirror<JsonRecord>, "synced" | "status" | "get">;

export interface AroundOptions {
  readonly api: Pick<KubernetesApi, "read">;
  readonly accounts: Followed;
  readonly namespaces: Followed;
  readonly roles: Roles;
  /** Milliseconds for what has to be asked of the API server; 3,000 unless told. */
  readonly patience?: number;
}

/** Whoever reaches the webhook makes us ask the API server so often at a time, at the most. */
const mostReads = 32;
const usualPatience = 3000;

/**
 * What stands around a pod: from what is followed anyway, and where that does not know the object yet, or may be old, from
 * the API server. A ServiceAccount is often made a moment before its first pod.
 */
export class Around {
  readonly #options: AroundOptions;
  readonly #reading = new Map<string, Promise<JsonRecord | undefined>>();

  constructor(options: AroundOptions) {
    this.#options = options;
  }

  /** Rejects with what the API throws; with `cluster-not-ready` where too much is asked at a time. */
  async of(namespace: string, account: string): Promise<Surroundings> {
    const { accounts, namespaces, roles } = this.#options;
    const key = `${namespace}/${account}`;
    const [serviceAccount, of] = await Promise.all([
      this.#find(accounts, key, { kind: "ServiceAccount", namespace, name: account }),
      this.#find(namespaces, namespace, { kind: "Namespace", name: namespace }),
    ]);
    return roles.around({ serviceAccount, namespace: of }, key, randomInt(1001) / 1000);
  }

  async #find(followed: Followed, key: string, ref: ObjectRef): Promise<JsonRecord | undefined> {
    const known = followed.synced && followed.status.failing === undefined ? followed.get(key) : undefined;
    return known ?? this.#read(`${ref.kind} ${key}`, ref);
  }

  /** One question serves all who have it at the same time. */
  #read(key: string, ref: ObjectRef): Promise<JsonRecord | undefined> {
    const under = this.#reading.get(key);
    if (under !== undefined) return under;
    if (this.#reading.size >= mostReads) {
      const sentence = `${key} is not asked for: ${mostReads} other questions are under way`;
      throw new PodtrustError("cluster-not-ready", sentence, { detail: { reason: "not-ready" } });
    }
    const { api, patience = usualPatience } = this.#options;
    const reading = api
      .read(ref, { signal: AbortSignal.timeout(patience) })
      .then((object) => (object === undefined ? undefined : annotationsView(object)))
      .finally(() => this.#reading.delete(key));
    this.#reading.set(key, reading);
    return reading;
  }
}
