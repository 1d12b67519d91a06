import { stackRemark } from "../../../rules/plan/index.ts";
import { yamlText } from "../../../core/yaml/index.ts";
import type { HostFile } from "./spec.ts";

/** The folder whose files k3s applies to the cluster by itself. */
const manifests = "/var/lib/rancher/k3s/server/manifests";
export const chartPath: string = `${manifests}/podtrust-cilium.yaml`;
export const policyPath: string = `${manifests}/podtrust-metadata-policy.yaml`;

/**
 * The chart's values for one node of k3s: no kube-proxy runs, so that Cilium reaches the API at the port that k3s
 * serves it on by itself (docs.cilium.io, installation/k3s); addresses are those that k3s gave the node.
 */
const ciliumValues = {
  kubeProxyReplacement: true,
  k8sServiceHost: "127.0.0.1",
  k8sServicePort: 6444,
  ipam: { mode: "kubernetes" },
  operator: { replicas: 1 },
} as const;

/**
 * The manifest that has k3s install Cilium, without the chart: the host puts that in where `chartContent` stands, since
 * the chart itself is pinned, which a repository and a version cannot do. `bootstrap` lets the job run before there is
 * a network; `abort` leaves a failed install to be looked at instead of removing it (k3s-io/docs add-ons/helm.md).
 */
export function ciliumManifest(stack: string): string {
  const values = yamlText(ciliumValues).trimEnd().replaceAll(/^/gmu, "    ");
  return `# ${stackRemark(stack)}
apiVersion: helm.cattle.io/v1
kind: HelmChart
metadata:
  name: cilium
  namespace: kube-system
spec:
  chartContent:
  targetNamespace: kube-system
  bootstrap: true
  failurePolicy: abort
  timeout: 15m
  valuesContent: |
${values}
`;
}

/** Where the host downloads a chart. */
export function chartUrl(version: string): string {
  return `https://helm.cilium.io/cilium-${version}.tgz`;
}

/**
 * Denies pods the cloud's metadata service, which gives user data to any process, and leaves everything else as it is:
 * a policy with rules would otherwise deny what it does not allow. Pods on the host's network are not covered.
 */
export function metadataPolicy(stack: string): HostFile {
  const text = `# ${stackRemark(stack)}
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata:
  name: podtrust-no-cloud-metadata
spec:
  description: Pods must not read the machine's user data.
  endpointSelector: {}
  enableDefaultDeny:
    ingress: false
    egress: false
  egressDeny:
    - toCIDR:
        - 169.254.169.254/32
`;
  return { path: policyPath, text, mode: 0o600 };
}
