import { randomInt } from "node:crypto";
import type { JsonRecord } from "../../core/base/index.ts";
import { annotationsView, type Surroundings } from "../../rules/injection/index.ts";
import type { KubernetesApi, Mirror, ObjectRef } from "../../providers/kubernetes/index.ts";
import type { Roles } from "../roles.ts";
import { Questions } from "./questions.ts";

/** What is followed of the cluster, with every object of its kind. */
type Followed = Pick<Mirror<JsonRecord>, "synced" | "status" | "get">;

export interface AroundOptions {
  readonly api: Pick<KubernetesApi, "read">;
  readonly accounts: Followed;
  readonly namespaces: Followed;
  readonly roles: Roles;
  /** Milliseconds for each call to the API server; 3,000 by default. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 3000;

/** The share of questions about what is in no namespace that is known: callers that invent names share it. */
const unknownNamespaces = "an unknown namespace";

/**
 * The surroundings of a pod: from the mirrors, or from the API server if they lack the object or may be stale. A
 * ServiceAccount is often created a moment before its first pod.
 */
export class Around {
  readonly #options: AroundOptions;
  readonly #questions = new Questions();
  readonly #reading = new Map<string, Promise<JsonRecord | undefined>>();

  constructor(options: AroundOptions) {
    this.#options = options;
  }

  /**
   * Returns at once if the mirrors know everything. Rejects with what the API throws; with `cluster-not-ready` for too
   * many questions at a time.
   */
  of(namespace: string, account: string): Surroundings | Promise<Surroundings> {
    const { accounts, namespaces } = this.#options;
    const key = `${namespace}/${account}`;
    const [serviceAccount, of] = [knownOf(accounts, key), knownOf(namespaces, namespace)];
    if (serviceAccount !== undefined && of !== undefined) return this.#joined(key, serviceAccount, of);
    return this.#asked(namespace, account, serviceAccount, of);
  }

  async #asked(
    namespace: string,
    account: string,
    known: JsonRecord | undefined,
    knownNamespace: JsonRecord | undefined,
  ): Promise<Surroundings> {
    const key = `${namespace}/${account}`;
    const share = this.#options.namespaces.get(namespace) === undefined ? unknownNamespaces : namespace;
    const [serviceAccount, of] = await Promise.all([
      known ?? this.#read(share, key, { kind: "ServiceAccount", namespace, name: account }),
      knownNamespace ?? this.#read(share, namespace, { kind: "Namespace", name: namespace }),
    ]);
    return this.#joined(key, serviceAccount, of);
  }

  #joined(
    key: string,
    serviceAccount: JsonRecord | undefined,
    namespace: JsonRecord | undefined,
  ): Surroundings {
    return this.#options.roles.around({ serviceAccount, namespace }, key, randomInt(1001) / 1000);
  }

  /** One question serves all callers that ask it at the same time. */
  #read(share: string, name: string, ref: ObjectRef): Promise<JsonRecord | undefined> {
    const key = `${ref.kind} ${name}`;
    const under = this.#reading.get(key);
    if (under !== undefined) return under;
    const { api, timeoutMs = defaultTimeoutMs } = this.#options;
    const signal = AbortSignal.timeout(timeoutMs);
    const reading = this.#questions
      .ask(share, () => api.read(ref, { signal }), signal)
      .then((object) => (object === undefined ? undefined : annotationsView(object)))
      .finally(() => this.#reading.delete(key));
    this.#reading.set(key, reading);
    return reading;
  }
}

/** An object as the mirrors know it; undefined if they may be stale, or are incomplete. */
function knownOf(followed: Followed, key: string): JsonRecord | undefined {
  return followed.synced && followed.status.failing === undefined ? followed.get(key) : undefined;
}
