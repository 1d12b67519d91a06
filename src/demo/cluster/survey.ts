import { randomBytes } from "node:crypto";
import { PodtrustError } from "../../core/base/index.ts";
import { bindingNames, apiVersion } from "../../rules/bindings/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { madeLabel, madeSelector } from "./made.ts";

/** Facts about a cluster, needed before anything is made in it. */
export interface ClusterSurvey {
  readonly server: string;
  /** Namespaces beside those that every cluster has: the cluster is in use. */
  readonly namespaces: readonly string[];
}

/** The definition that shows that a cluster has bindings. */
export const bindingDefinition = {
  kind: "CustomResourceDefinition",
  name: `${bindingNames.plural}.${apiVersion.split("/")[0]}`,
} as const;

const standard = /^(?:default|kube-.*|local-path-storage)$/u;

/**
 * Reads a cluster, and changes nothing. Throws `demo-cluster-in-use` if podtrust's own definitions exist: a
 * running operator would reconcile the demo's objects.
 */
export async function lookAtCluster(api: KubernetesApi, signal: AbortSignal): Promise<ClusterSurvey> {
  const found = await api.read(bindingDefinition, { signal });
  if (found !== undefined) {
    const isOurs = found.metadata.labels?.[madeLabel.name] === madeLabel.value;
    const next = isOurs
      ? `An earlier demo was cut off: kubectl delete namespaces,crd,mutatingadmissionpolicies,mutatingadmissionpolicybindings,validatingadmissionpolicies,validatingadmissionpolicybindings -l ${madeSelector}`
      : "Run the demo on a cluster without podtrust.";
    throw new PodtrustError(
      "demo-cluster-in-use",
      `the cluster at ${api.server} has the definition ${bindingDefinition.name}`,
      {
        next,
      },
    );
  }
  const all = await api.list({ kind: "Namespace", namespace: "", limit: 500 }, { signal });
  const namespaces = all.map((one) => one.metadata.name).filter((one) => !standard.test(one));
  return { server: api.server, namespaces };
}

/** A name that nothing in the cluster has. */
export const freshName = (): string => `podtrust-demo-${randomBytes(4).toString("hex")}`;
