import {
  asPodtrustError,
  type Clock,
  type PodtrustError,
  retry,
  type RetrySchedule,
} from "../../core/base/index.ts";
import {
  type KubernetesApi,
  type KubernetesObject,
  type ObjectRef,
  objectText,
  refOf,
} from "../../providers/kubernetes/index.ts";

/** Marks everything that the demo makes in a cluster. */
export const madeLabel = { name: "app.kubernetes.io/managed-by", value: "podtrust-demo" } as const;

/** What kubectl selects it by. */
export const madeSelector = `${madeLabel.name}=${madeLabel.value}`;

interface MadeObject extends ObjectRef {
  readonly uid: string;
}

const apiServerAway: RetrySchedule = {
  name: "an API server that is away is waited for, before something is left behind",
  delays: [500],
  giveUpAfter: 60_000,
};

/** An API server that stops or starts, as when its keys are changed. */
export const isAway = (error: unknown): boolean =>
  /^cluster-(?:unreachable|not-ready|answer-invalid)$/u.test(asPodtrustError(error).code);

/** Everything that was made in a cluster, so that only this is removed again. */
export class Made {
  readonly #api: KubernetesApi;
  readonly #clock: Clock;
  readonly #objects: MadeObject[] = [];

  constructor(api: KubernetesApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** The objects that exist, for sentences. */
  get texts(): readonly string[] {
    return this.#objects.map(objectText);
  }

  /** Makes an object, with the demo's label. Throws `cluster-conflict` if one of its name exists. */
  async make(spec: KubernetesObject, signal: AbortSignal): Promise<KubernetesObject> {
    const labels = { ...spec.metadata.labels, [madeLabel.name]: madeLabel.value };
    const made = await this.#api.create({ ...spec, metadata: { ...spec.metadata, labels } }, { signal });
    this.#objects.push({ ...refOf(spec), uid: made.metadata.uid ?? "" });
    return made;
  }

  /** Removes all of it, the last first, even if the API server refuses one; throws its first error. */
  async removeAll(): Promise<void> {
    const errors: PodtrustError[] = [];
    for (const { uid, ...ref } of this.#objects.splice(0).reverse())
      await retry(() => this.#api.remove(ref, { uid }), {
        schedule: apiServerAway,
        clock: this.#clock,
        retryable: isAway,
      }).catch((error: unknown) => errors.push(asPodtrustError(error)));
    // If someone removed it meanwhile, or made another of its name, nothing is left to do.
    const failure = errors.find(({ code }) => code !== "cluster-conflict" && code !== "cluster-not-found");
    if (failure !== undefined) throw failure;
  }
}
