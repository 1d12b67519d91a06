import type { KubernetesObject } from "../../providers/kubernetes/index.ts";

interface Departure {
  readonly uid: string | undefined;
  readonly since: number;
}

/** Nothing is waited for so long, in milliseconds: what is older is of a time when another process led. */
const longest = 600_000;

/**
 * For how long this process has seen that bindings are deleted. What stands in them, `deletionTimestamp`, is the time of
 * day of another machine: by it a wait of a minute would end at once, or after the hours by which clocks differ.
 */
export class Departures {
  /** By `namespace/name`. */
  readonly #known = new Map<string, Departure>();

  /** To be told at each look what is there; `elapsed` is our clock's. Gives milliseconds, 0 for one that is not deleted. */
  see(key: string, object: KubernetesObject | undefined, elapsed: number): number {
    const known = this.#known.get(key);
    if (object?.metadata.deletionTimestamp === undefined) {
      this.#known.delete(key);
      return 0;
    }
    const { uid } = object.metadata;
    if (known !== undefined && known.uid === uid) return elapsed - known.since;
    for (const [one, { since }] of this.#known) if (elapsed - since > longest) this.#known.delete(one);
    this.#known.set(key, { uid, since: elapsed });
    return 0;
  }
}
