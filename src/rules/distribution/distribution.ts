/**
 * The distributions of Kubernetes whose API server we know how to configure with an issuer, and those that have one
 * already.
 */
export const distributions = {
  k3s: { title: "k3s", standardIssuer: "https://kubernetes.default.svc.cluster.local" },
  rke2: { title: "RKE2", standardIssuer: "https://kubernetes.default.svc.cluster.local" },
  kubeadm: { title: "kubeadm", standardIssuer: "https://kubernetes.default.svc.cluster.local" },
  kind: { title: "kind", standardIssuer: "https://kubernetes.default.svc.cluster.local" },
  minikube: { title: "minikube", standardIssuer: "https://kubernetes.default.svc.cluster.local" },
  microk8s: { title: "MicroK8s", standardIssuer: "https://kubernetes.default.svc" },
  k0s: { title: "k0s", standardIssuer: "https://kubernetes.default.svc" },
  // Its standard issuer is the cluster's own endpoint, which only the cluster knows.
  talos: { title: "Talos", standardIssuer: undefined },
  eks: { title: "Amazon EKS", managed: true },
  gke: { title: "Google GKE", managed: true },
  aks: { title: "Azure AKS", managed: true },
} as const satisfies Readonly<Record<string, DistributionFacts>>;

interface DistributionFacts {
  readonly title: string;
  /** The issuer of a cluster that was not given one. */
  readonly standardIssuer?: string | undefined;
  /** Its provider runs the API server and serves the issuer's documents. */
  readonly managed?: true;
}

export type DistributionName = keyof typeof distributions;

/** Those whose provider runs the API server and serves its issuer. */
type ManagedDistribution = {
  [Name in DistributionName]: (typeof distributions)[Name] extends { managed: true } ? Name : never;
}[DistributionName];

/** Those whose API server a person configures. */
export type ConfiguredDistribution = Exclude<DistributionName, ManagedDistribution>;

/** Whether the provider of a distribution runs the API server and serves its issuer. */
export function isManaged(name: DistributionName): name is ManagedDistribution {
  return "managed" in distributions[name];
}

/** The issuer that a cluster has by default; undefined where only the cluster knows. */
export function standardIssuer(name: DistributionName | undefined): string | undefined {
  const facts: DistributionFacts = distributions[name ?? "kubeadm"];
  return facts.standardIssuer;
}

/** What a node reports about itself (core/v1 Node). */
export interface NodeFacts {
  /** `status.nodeInfo.kubeletVersion` */
  readonly kubeletVersion: string;
  /** `status.nodeInfo.osImage` */
  readonly osImage: string;
  /** `spec.providerID` */
  readonly providerId: string;
  /** Names of its labels. */
  readonly labels: readonly string[];
}

/** What a cluster shows to a client that may read it; empty where it does not. */
export interface DistributionHints {
  /** `gitVersion` of /version. */
  readonly gitVersion: string;
  readonly nodes: readonly NodeFacts[];
  /** kubeadm keeps its own config in kube-system/kubeadm-config. */
  readonly hasKubeadmConfig: boolean;
}

/** By the version's suffix, which the API server and every kubelet carry. */
const byVersion: readonly (readonly [RegExp, DistributionName])[] = [
  [/\+k3s/u, "k3s"],
  [/\+rke2/u, "rke2"],
  [/\+k0s/u, "k0s"],
  [/-eks-/u, "eks"],
  [/-gke\./u, "gke"],
];

/** By what its vendor leaves on a node. kind and minikube are made with kubeadm, so they come first. */
const byNode: readonly (readonly [(node: NodeFacts) => boolean, DistributionName])[] = [
  [({ osImage }) => osImage.startsWith("Talos"), "talos"],
  [({ providerId }) => providerId.startsWith("kind://"), "kind"],
  [({ labels }) => labels.includes("minikube.k8s.io/version"), "minikube"],
  [({ labels }) => labels.includes("microk8s.io/cluster"), "microk8s"],
  [({ labels }) => labels.includes("kubernetes.azure.com/cluster"), "aks"],
  [({ labels }) => labels.includes("eks.amazonaws.com/nodegroup"), "eks"],
  [({ labels }) => labels.includes("cloud.google.com/gke-nodepool"), "gke"],
];

/** The distribution of a cluster; undefined where nothing identifies it. */
export function distributionOf(facts: DistributionHints): DistributionName | undefined {
  const versions = [facts.gitVersion, ...facts.nodes.map(({ kubeletVersion }) => kubeletVersion)];
  const named = byVersion.find(([mark]) => versions.some((version) => mark.test(version)));
  if (named !== undefined) return named[1];
  const marked = byNode.find(([has]) => facts.nodes.some(has));
  if (marked !== undefined) return marked[1];
  return facts.hasKubeadmConfig ? "kubeadm" : undefined;
}

/** Talos' own version, `1.13`, by the node's image `Talos (v1.13.2)`. */
export function talosMinor({ nodes }: DistributionHints): number | undefined {
  const said = nodes.map(({ osImage }) => /^Talos \(v1\.(\d+)\./u.exec(osImage)?.[1]).find(Boolean);
  return said === undefined ? undefined : Number(said);
}

/** Kubernetes' minor version. */
export function kubernetesMinor({ gitVersion }: Pick<DistributionHints, "gitVersion">): number | undefined {
  const said = /^v1\.(\d+)\./u.exec(gitVersion)?.[1];
  return said === undefined ? undefined : Number(said);
}
