import { createHash } from "node:crypto";
import {
  type PodSelector,
  publisherRbacObjects,
  replicaGuards,
  type RoleMetadata,
  roleObjects,
  storeKeyObjects,
  withLabels,
} from "../../providers/kubernetes/index.ts";
import { deployment } from "./deployment.ts";
import { podLayout, type PublisherSpec } from "./spec.ts";

/** Labels that identify the pods of one publisher. */
function selectorOf({ name }: Pick<PublisherSpec, "name">): PodSelector {
  return { "app.kubernetes.io/name": "podtrust-publisher", "app.kubernetes.io/instance": name };
}

function metadataOf({ namespace, name }: PublisherSpec, of = name): RoleMetadata {
  return { name: of, namespace, labels: selectorOf({ name }) };
}

/** Changes with what the pods are started with, so that they are restarted. */
function digestOf({ config, acmeCa, acmeFallbackCa }: PublisherSpec): string {
  return createHash("sha256")
    .update(config + acmeCa + acmeFallbackCa)
    .digest("hex");
}

/** Rights on shared objects, by name: `create` cannot be limited to a name, so both are created here. */
function sharing(spec: PublisherSpec): readonly object[] {
  const { name, certificateSecret } = spec;
  const rule = (apiGroup: string, resource: string): object => ({
    apiGroups: [apiGroup],
    resources: [resource],
    resourceNames: [name],
    verbs: ["get", "update"],
  });
  const certificate = {
    apiGroups: [""],
    resources: ["secrets"],
    resourceNames: [certificateSecret],
    verbs: ["get"],
  };
  const rules = [
    rule("", "secrets"),
    rule("coordination.k8s.io", "leases"),
    ...(certificateSecret === "" ? [] : [certificate]),
  ];
  return [
    { apiVersion: "v1", kind: "Secret", metadata: metadataOf(spec), type: "Opaque" },
    { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: metadataOf(spec) },
    ...roleObjects(metadataOf(spec), name, rules),
  ];
}

function configMap(spec: PublisherSpec): object {
  const { config, acmeCa, acmeFallbackCa } = spec;
  const data = { "podtrust.yaml": config, "acme-ca.pem": acmeCa, "acme-fallback-ca.pem": acmeFallbackCa };
  return { apiVersion: "v1", kind: "ConfigMap", metadata: metadataOf(spec), data };
}

/** What routes clients to the pods from outside; nothing if they use host ports, or write into a bucket. */
function service(spec: PublisherSpec): readonly object[] {
  const { expose, mode } = spec;
  if (mode === "s3" || expose === "host-port") return [];
  const port = (name: string, number: number): object => ({
    name,
    port: number,
    targetPort: name,
    protocol: "TCP",
  });
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: metadataOf(spec),
      spec: {
        type: expose === "load-balancer" ? "LoadBalancer" : "NodePort",
        // The publisher limits each client address, so it has to see the real one.
        externalTrafficPolicy: "Local",
        selector: selectorOf(spec),
        ports: [port("https", 443), ...(mode === "https" ? [] : [port("http", 80)])],
      },
    },
  ];
}

/** Clients reach the two ports, Prometheus's namespaces the metrics. */
function guards(spec: PublisherSpec): readonly object[] {
  const { mode, apiServerPort, monitoringNamespaces, pods } = spec;
  const open = [
    ...(mode === "s3" ? [] : [podLayout.https]),
    ...(mode === "https-and-http" ? [podLayout.http] : []),
  ];
  const ports = { open, admin: podLayout.admin, monitoringNamespaces, apiServerPort, pods };
  return replicaGuards(metadataOf(spec), selectorOf(spec), ports);
}

/**
 * All objects of a publisher in the cluster, in the order in which they are applied. Throws PodtrustError `usage` for
 * names that Kubernetes would not take.
 */
export function publisherObjects(spec: PublisherSpec): readonly object[] {
  const { namespace, name, image, priorityClass, pods } = spec;
  const objects = [
    ...publisherRbacObjects({ namespace, name, pods }),
    ...sharing(spec),
    ...storeKeyObjects({ namespace, store: name, image, priorityClass, pods }),
    configMap(spec),
    ...service(spec),
    deployment(spec, { metadata: metadataOf(spec), selector: selectorOf(spec), digest: digestOf(spec) }),
    ...guards(spec),
  ];
  return withLabels(objects, pods.commonLabels);
}
