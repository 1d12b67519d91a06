import type { Clock } from "../../base/index.ts";
import type { Followed } from "../../controller/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../kubernetes/index.ts";

/** So long one reading serves all turns, in milliseconds: a thousand bindings that are made at once name one trust. */
const sharedFor = 1000;

interface Reading {
  readonly at: number;
  readonly object: Promise<KubernetesObject | undefined>;
}

/** AWSTrusts as the API server has them, read once for all turns of a second, and again after each change. */
export class TrustReads {
  readonly #api: Pick<KubernetesApi, "read">;
  readonly #clock: Clock;
  readonly #read = new Map<string, Reading>();

  constructor(api: Pick<KubernetesApi, "read">, clock: Clock, trusts: Pick<Followed, "subscribe">) {
    this.#api = api;
    this.#clock = clock;
    // Whoever has a turn because of a change sees it.
    trusts.subscribe((name) => this.#read.delete(name));
  }

  /** A trust; undefined where there is none. Throws `cluster-*`. */
  async of(name: string, signal: AbortSignal): Promise<KubernetesObject | undefined> {
    const now = this.#clock.elapsed();
    const known = this.#read.get(name);
    if (known !== undefined && now - known.at < sharedFor) return known.object;
    for (const [one, { at }] of this.#read) if (now - at >= sharedFor) this.#read.delete(one);
    const reading = { at: now, object: this.#api.read({ kind: "AWSTrust", name }, { signal }) };
    this.#read.set(name, reading);
    try {
      return await reading.object;
    } catch (error) {
      if (this.#read.get(name) === reading) this.#read.delete(name);
      throw error;
    }
  }
}
