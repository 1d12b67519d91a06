import { type JsonRecord, recordOf, textOf } from "../../base/index.ts";
import type { KubernetesObject } from "../../kubernetes/index.ts";
import type { Controllers, ControllerTools } from "../../operator/index.ts";
import { type BindingEvent, bindingControllers, BoundAccounts } from "../../stack/index.ts";

/** What of an object's head makes it another one to its controller. */
interface Head {
  /** Counts the changes of its spec. */
  readonly generation: unknown;
  readonly uid: unknown;
  readonly deleted: unknown;
}

function headOf(object: JsonRecord): Head {
  const { generation, uid, deletionTimestamp } = recordOf(object["metadata"]);
  return { generation, uid, deleted: deletionTimestamp };
}

const bindingOf = (object: JsonRecord): Head & { readonly trust: string } => ({
  ...headOf(object),
  trust: textOf(recordOf(object["spec"])["trust"]) ?? "",
});

/** Says something of a binding or a trust beside it. */
function teller({ events }: ControllerTools) {
  return (object: KubernetesObject, { type, reason, message }: BindingEvent): Promise<void> => {
    const { name, namespace, uid } = recordOf(object["metadata"]);
    const regarding = {
      apiVersion: object.apiVersion,
      kind: object.kind,
      name: String(name),
      ...(textOf(namespace) === undefined ? {} : { namespace: String(namespace) }),
      ...(textOf(uid) === undefined ? {} : { uid: String(uid) }),
    };
    return events.record({ regarding, type, reason, action: "Reconcile", note: message });
  };
}

/**
 * The controllers of AWSRoleBinding and AWSTrust, with the AWS credentials of the environment: in the cluster those that
 * the operator's own projected token gets it.
 */
export function reconcilingBindings(tools: ControllerTools): Controllers {
  const { api, clock, logger, accounts, follow } = tools;
  const bindings = follow({ kind: "AWSRoleBinding", keep: bindingOf });
  return bindingControllers({
    api,
    aws: new BoundAccounts({ clock, notice: (text) => logger.warn(text) }),
    clock,
    bindings,
    trustOf: (key) => bindings.get(key)?.trust,
    trusts: follow({ kind: "AWSTrust", keep: headOf }),
    accounts,
    accountOf: (key) => accounts.get(key),
    tell: teller(tools),
  });
}
