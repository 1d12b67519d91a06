import type { Reconcile } from "../controller/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import type { BoundAccounts } from "./account/index.ts";
import type { OwnAnnotations } from "./own-annotations.ts";
import type { BindingClients } from "./turn.ts";

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
