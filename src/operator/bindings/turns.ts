import { PodtrustError } from "../../core/base/index.ts";
import type { Reconcile } from "../controller/index.ts";
import type { KubernetesObject, KubernetesApi } from "../../providers/kubernetes/index.ts";
import type { LatestObjects } from "./latest.ts";
import type { OwnAnnotations } from "./own-annotations.ts";
import type { BindingClients, BindingOutcome } from "./turn.ts";
import type { BoundAccounts } from "./account/index.ts";

/** What is done with a binding, which may not be there, and what comes of it. */
export type BindingWork = (
  object: KubernetesObject | undefined,
  clients: BindingClients,
) => Promise<BindingOutcome | undefined>;

/** So soon a turn has to come, in milliseconds, that the binding as it was left is kept for it. */
const soonAgain = 20_000;

/** AWS was to be changed for a binding of which nobody knows whether it still is as it was seen. */
class Unconfirmed extends Error {}

/**
 * The same clients, whose first write of the binding finds it as `expected` or is refused, and by which AWS is not changed
 * before that. `left`: told of the binding as each write left it.
 */
function conditional(
  clients: BindingClients,
  expected: string | undefined,
  left: (object: KubernetesObject) => void,
): BindingClients {
  const { cluster } = clients;
  let resourceVersion = expected;
  return {
    ...clients,
    assertHeld() {
      if (resourceVersion !== undefined) throw new Unconfirmed("the binding is to be read first");
      clients.assertHeld?.();
    },
    cluster: {
      ...cluster,
      async apply(object, options) {
        if (object.kind !== "AWSRoleBinding") return cluster.apply(object, options);
        const first = resourceVersion === undefined ? {} : { resourceVersion };
        const written = await cluster.apply(
          { ...object, metadata: { ...object.metadata, ...first } },
          options,
        );
        resourceVersion = undefined;
        left(written);
        return written;
      },
    },
  };
}

/** Whether the binding is another than it was seen, or nobody knows. */
function isStale(error: unknown): boolean {
  if (error instanceof Unconfirmed) return true;
  return (
    error instanceof PodtrustError &&
    (error.code === "cluster-conflict" || error.code === "cluster-not-found")
  );
}

/**
 * Turns of bindings. Each begins with the binding as it was just seen, where it was: that spares every second call of the
 * API server. Nothing is changed at AWS before a write has found the binding so; where it does not, or there is nothing to
 * write first, the turn is had again with the binding read.
 */
export class BindingTurns {
  readonly #clients: TurnClients;
  readonly #latest: LatestObjects;
  readonly #own: OwnAnnotations;

  constructor(clients: TurnClients, latest: LatestObjects, own: OwnAnnotations) {
    this.#clients = clients;
    this.#latest = latest;
    this.#own = own;
  }

  async have(key: string, run: Reconcile, work: BindingWork): Promise<BindingOutcome | undefined> {
    const seen = this.#latest.take(key);
    if (seen !== undefined) {
      try {
        return await this.#have(seen, seen.metadata.resourceVersion, run, work);
      } catch (error) {
        if (!isStale(error)) throw error;
      }
    }
    const [namespace = "", name = ""] = key.split("/");
    const ref = { kind: "AWSRoleBinding", namespace, name } as const;
    const object = await this.#clients.api.read(ref, { signal: run.signal });
    return this.#have(object, undefined, run, work);
  }

  async #have(
    object: KubernetesObject | undefined,
    expected: string | undefined,
    run: Reconcile,
    work: BindingWork,
  ): Promise<BindingOutcome | undefined> {
    let left: KubernetesObject | undefined;
    const held = heldClients(this.#clients, run, this.#own);
    const outcome = await work(
      object,
      conditional(held, expected, (written) => (left = written)),
    );
    if (left !== undefined && (outcome?.againIn ?? Infinity) <= soonAgain) this.#latest.keep(left);
    return outcome;
  }
}

/** By which turns work. */
export interface TurnClients {
  readonly api: BindingClients["cluster"];
  readonly aws: BoundAccounts;
}

/** The clients of a turn, which write only while this process holds the lease. `own`: told of ServiceAccounts they write. */
export function heldClients(
  { api, aws }: TurnClients,
  { assertHeld }: Reconcile,
  own?: OwnAnnotations,
): BindingClients {
  const apply: KubernetesApi["apply"] = (object, options) => {
    assertHeld();
    if (object.kind === "ServiceAccount") own?.writes(object);
    return api.apply(object, options);
  };
  return {
    aws,
    assertHeld,
    cluster: {
      server: api.server,
      read: (ref, options) => api.read(ref, options),
      removeFinalizer(...args) {
        assertHeld();
        return api.removeFinalizer(...args);
      },
      requestToken: (...args) => api.requestToken(...args),
      apply,
    },
  };
}
