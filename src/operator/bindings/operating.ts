import { defined, type JsonRecord, recordOf, textOf } from "../../core/base/index.ts";
import { type BoundParty, partyNames, retryAnnotation } from "../../rules/bindings/index.ts";
import type { KubernetesObject, Mirror } from "../../providers/kubernetes/index.ts";
import type { Controllers, ControllerTools } from "../index.ts";
import { BoundAccounts } from "./account/index.ts";
import { bindingControllers } from "./aws.ts";
import type { PartyControllersOptions } from "./controllers.ts";
import { ClusterView } from "./cluster-view.ts";
import type { BindingEvent } from "./pass.ts";

/** What of an object's head makes it another one to its controller. */
interface Head {
  /** Counts the changes of its spec. */
  readonly generation: unknown;
  readonly uid: unknown;
  readonly deleted: unknown;
  readonly retry: unknown;
}

function headOf(object: JsonRecord): Head {
  const { generation, uid, deletionTimestamp, annotations } = recordOf(object["metadata"]);
  return { generation, uid, deleted: deletionTimestamp, retry: recordOf(annotations)[retryAnnotation] };
}

interface BindingHead extends Head {
  readonly trust: string;
}

const bindingOf = (object: JsonRecord): BindingHead => ({
  ...headOf(object),
  trust: textOf(recordOf(object["spec"])["trust"]) ?? "",
});

/** Whether no pass has looked at it yet, and there is something to be made. */
const isNew = ({ metadata, status }: JsonRecord): boolean =>
  status === undefined && recordOf(metadata)["deletionTimestamp"] === undefined;

/** Follows bindings by their heads; `view` is shown the whole of each. */
function followBindings(
  party: BoundParty,
  follow: ControllerTools["follow"],
  view: ClusterView,
): Mirror<BindingHead> {
  const bindings: Mirror<BindingHead> = follow({
    kind: partyNames[party].binding.kind,
    keep(object) {
      const head = bindingOf(object);
      const { namespace, name } = recordOf(object["metadata"]);
      const key = `${String(namespace)}/${String(name)}`;
      // Of what is listed there is much, reconciled one after the other; what is not new may have been changed since.
      const changed = bindings.synced && isNew(object) ? "soon" : "later";
      const isSame = JSON.stringify(bindings.get(key)) === JSON.stringify(head);
      view.sees(object as unknown as KubernetesObject, isSame ? "none" : changed);
      return head;
    },
  });
  bindings.subscribe((key, _before, now) => {
    if (now === undefined) view.gone(key);
  });
  return bindings;
}

/** Says something of a binding or a trust beside it. */
function eventReporter({ events }: Pick<ControllerTools, "events">) {
  return (object: KubernetesObject, { type, reason, message }: BindingEvent): Promise<void> => {
    const { name, namespace, uid } = recordOf(object["metadata"]);
    const regarding = {
      apiVersion: object.apiVersion,
      kind: object.kind,
      name: String(name),
      ...defined({ namespace: textOf(namespace), uid: textOf(uid) }),
    };
    return events.record({ regarding, type, reason, action: "Reconcile", note: message });
  };
}

/** What the controllers of a relying party's bindings work with in an operator, which follows them for it. */
export function followedBy(
  { api, clock, accounts, follow, ...tools }: ControllerTools,
  party: BoundParty,
  view: ClusterView,
): PartyControllersOptions {
  const bindings = followBindings(party, follow, view);
  return {
    api,
    clock,
    bindings,
    // Asked of a thousand at a time: the view has it at hand, where a mirror parses what it keeps.
    trustOf: (key) => view.trustOf(key) ?? bindings.get(key)?.trust,
    trusts: follow({ kind: partyNames[party].trust.kind, keep: headOf }),
    accounts,
    accountOf: (key) => accounts.get(key),
    view,
    report: eventReporter(tools),
  };
}

/**
 * The controllers of AWSRoleBinding and AWSTrust, with the AWS credentials of the environment: in the cluster those that
 * the operator's own projected token gets it.
 */
export function reconcilingBindings(tools: ControllerTools): Controllers {
  const { api, clock, logger } = tools;
  const followed = followedBy(tools, "aws", new ClusterView(api, clock));
  const aws = new BoundAccounts({ clock, notice: (text) => logger.warn(text) });
  return bindingControllers({ ...followed, aws });
}
