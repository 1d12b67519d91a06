import { nearest, PodtrustError, recordOf } from "../../core/base/index.ts";
import { injectRole } from "../../rules/injection/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { WorkloadTarget } from "./target.ts";

/** What a patch is for. */
export interface PatchSpec {
  /** KIND/NAME as in kubectl: deployment/web. */
  readonly of: string;
  /** The container that gets the token; by default the one named like the object. */
  readonly container?: string;
}

interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Where the pod's spec is. */
  readonly wrap: (podSpec: object) => object;
}

const template = (spec: object): object => ({ template: { spec } });
const apps = (kind: string): Kind => ({ apiVersion: "apps/v1", kind, wrap: template });

const kinds: Readonly<Record<string, Kind>> = {
  deployment: apps("Deployment"),
  statefulset: apps("StatefulSet"),
  daemonset: apps("DaemonSet"),
  replicaset: apps("ReplicaSet"),
  job: { apiVersion: "batch/v1", kind: "Job", wrap: template },
  cronjob: {
    apiVersion: "batch/v1",
    kind: "CronJob",
    wrap: (spec) => ({ jobTemplate: { spec: template(spec) } }),
  },
};

function kindOf(text: string): Kind {
  const kind = kinds[text.toLowerCase().replace(/s$/u, "")];
  if (kind !== undefined) return kind;
  const near = nearest(text.toLowerCase(), Object.keys(kinds));
  throw new PodtrustError("usage", `--patch takes no ${text}`, {
    next:
      near === undefined
        ? `It takes ${Object.keys(kinds).join(", ")}, as deployment/web.`
        : `Did you mean ${near}?`,
  });
}

/** The part of a pod's spec that gives a container the token and the variables. */
export function podFragment(target: WorkloadTarget, container: string): object {
  const { serviceAccount } = target;
  const spec = { serviceAccountName: serviceAccount, containers: [{ name: container }] };
  return recordOf(injectRole({ spec }, target)["spec"]);
}

/**
 * A strategic-merge patch for an existing workload: kustomize and `kubectl patch --patch-file` take it. Throws
 * `usage`.
 */
export function workloadPatch(target: WorkloadTarget, spec: PatchSpec): KubernetesObject {
  const [kindName = "", name = "", ...rest] = spec.of.split("/");
  if (name === "" || rest.length > 0) {
    throw new PodtrustError("usage", `--patch ${spec.of} is not of the form KIND/NAME`, {
      next: "For example --patch deployment/web.",
    });
  }
  const { apiVersion, kind, wrap } = kindOf(kindName);
  const metadata = { name, namespace: target.namespace };
  return { apiVersion, kind, metadata, spec: wrap(podFragment(target, spec.container ?? name)) };
}
