import { type Clock, recordOf, SharedAnswers, textOf } from "../../core/base/index.ts";
import type { Followed } from "../controller/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../providers/kubernetes/index.ts";

/** So long one reading serves all turns, in milliseconds: a thousand bindings that are made at once name one trust. */
const sharedFor = 1000;

/** AWSTrusts as the API server has them, read once for all turns of a second, and again after each change. */
export class TrustReads {
  readonly #api: Pick<KubernetesApi, "read">;
  readonly #read: SharedAnswers<KubernetesObject | undefined>;

  constructor(api: Pick<KubernetesApi, "read">, clock: Clock, trusts: Pick<Followed, "subscribe">) {
    this.#api = api;
    this.#read = new SharedAnswers(clock, sharedFor);
    // Whoever has a turn because of a change sees it.
    trusts.subscribe((name) => this.#read.forget(name));
  }

  /** A trust; undefined where there is none. Throws `cluster-*`. */
  of(name: string, signal: AbortSignal): Promise<KubernetesObject | undefined> {
    return this.#read.of(name, signal, (own) => this.#api.read({ kind: "AWSTrust", name }, { signal: own }));
  }
}

/** The trust that a binding names, as its object says it. */
export function trustNameOf(binding: KubernetesObject): string {
  return textOf(recordOf(binding["spec"])["trust"]) ?? "";
}
