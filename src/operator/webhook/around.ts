import { randomInt } from "node:crypto";
import { type JsonRecord, SharedWork } from "../../core/base/index.ts";
import { annotationsView, type Surroundings } from "../../rules/injection/index.ts";
import type { KubernetesApi, Mirror, ObjectRef } from "../../providers/kubernetes/index.ts";
import type { Roles } from "../roles.ts";
import type { ReviewClient } from "./review-client.ts";
import { Questions } from "./questions.ts";

/** What is followed of the cluster, with every object of its kind. */
type Followed = Pick<Mirror<JsonRecord>, "synced" | "status" | "get">;

export interface AroundOptions {
  readonly api: Pick<KubernetesApi, "read">;
  readonly accounts: Followed;
  readonly namespaces: Followed;
  readonly roles: Roles;
  /** Milliseconds for each question to the API server, with its wait for a turn; 3,000 by default. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 3000;

/** What is asked of the API server, and by whom. */
interface Question {
  readonly client: ReviewClient;
  readonly share: string;
  /** One for each object. */
  readonly key: string;
  readonly ref: ObjectRef;
}

/** The share of questions about what is in no namespace that is known: callers that invent names share it. */
const unknownNamespaces = "an unknown namespace";

/**
 * The surroundings of a pod: from the mirrors, or from the API server if they lack the object or may be stale. A
 * ServiceAccount is often created a moment before its first pod.
 */
export class Around {
  readonly #options: AroundOptions;
  readonly #questions = new Questions();
  readonly #reading = new Map<string, SharedWork<JsonRecord | undefined>>();

  constructor(options: AroundOptions) {
    this.#options = options;
  }

  /**
   * Returns at once if the mirrors know everything, else by the turns of `client`. Rejects with what the API throws; with
   * `cluster-not-ready` for too many questions at a time.
   */
  of(namespace: string, account: string, client: ReviewClient): Surroundings | Promise<Surroundings> {
    const { accounts, namespaces } = this.#options;
    const key = `${namespace}/${account}`;
    const [serviceAccount, of] = [knownOf(accounts, key), knownOf(namespaces, namespace)];
    if (serviceAccount !== undefined && of !== undefined) return this.#joined(key, serviceAccount, of);
    const share = namespaces.get(namespace) === undefined ? unknownNamespaces : namespace;
    const read = (name: string, ref: ObjectRef): Promise<JsonRecord | undefined> =>
      this.#read({ client, share, key: `${ref.kind} ${name}`, ref });
    return Promise.all([
      serviceAccount ?? read(key, { kind: "ServiceAccount", namespace, name: account }),
      of ?? read(namespace, { kind: "Namespace", name: namespace }),
    ]).then((found) => this.#joined(key, ...found));
  }

  #joined(
    key: string,
    serviceAccount: JsonRecord | undefined,
    namespace: JsonRecord | undefined,
  ): Surroundings {
    return this.#options.roles.around({ serviceAccount, namespace }, key, randomInt(1001) / 1000);
  }

  async #read(question: Question): Promise<JsonRecord | undefined> {
    const { client, share, key } = question;
    if (client.knowsNone(key)) return undefined;
    const signal = AbortSignal.timeout(this.#options.timeoutMs ?? defaultTimeoutMs);
    const earlier = this.#reading.get(key);
    if (earlier !== undefined) {
      const found = await earlier.wait(signal);
      // What was not there for a question that began before this one may have been made since.
      if (found !== undefined) return found;
    }
    const later = this.#reading.get(key);
    const found = await (later === undefined
      ? this.#questions.ask(client, share, () => this.#shared(question).wait(signal), signal)
      : later.wait(signal));
    if (found === undefined) client.foundNone(key);
    return found;
  }

  /** One question serves all callers that ask it at the same time. */
  #shared({ key, ref }: Question): SharedWork<JsonRecord | undefined> {
    const reading = SharedWork.again(this.#reading.get(key), async (signal) => {
      try {
        const object = await this.#options.api.read(ref, { signal });
        return object === undefined ? undefined : annotationsView(object);
      } finally {
        this.#reading.delete(key);
      }
    });
    this.#reading.set(key, reading);
    return reading;
  }
}

/** An object as the mirrors know it; undefined if they may be stale, or are incomplete. */
function knownOf(followed: Followed, key: string): JsonRecord | undefined {
  return followed.synced && followed.status.failing === undefined ? followed.get(key) : undefined;
}
