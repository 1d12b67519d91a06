/** The pinned Go modules in build/, of which build.ts makes the programs of the cluster suites. */
import process from "node:process";

export interface GoModule {
  /** Its folder in build/. */
  readonly name: string;
  readonly version: string;
  /** How long it takes from an empty Go cache, for whoever waits. */
  readonly time: string;
  readonly ldflags: string;
  /** Build tags. */
  readonly tags?: readonly string[];
  /** Package by the name of its program. */
  readonly programs: Readonly<Record<string, string>>;
}

const strip = "-s -w";

/** The minors of Kubernetes whose API server can be had: those that upstream supports. */
const kubernetesVersions = ["1.35", "1.36", "1.37"] as const;
export type KubernetesVersion = (typeof kubernetesVersions)[number];
/** The one that everything runs on unless it asks for another. */
export const defaultVersion = "1.36";
/** Those that suites about versions run on: all of them nightly, where each takes Go minutes to build. */
export const testedVersions: readonly KubernetesVersion[] =
  process.env["PODTRUST_KUBERNETES"] === "all" ? kubernetesVersions : [defaultVersion];

/** Another version of the API server alone; kubectl and etcd are those of the usual one. */
function apiServerModule(minor: string, version: string): GoModule {
  return {
    name: `kubernetes-${minor}`,
    version,
    time: "4 minutes",
    ldflags: `${strip} -X k8s.io/component-base/version.gitVersion=v${version}`,
    programs: { "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver" },
  };
}

export const otherVersions: Readonly<Record<Exclude<KubernetesVersion, typeof defaultVersion>, GoModule>> = {
  "1.35": apiServerModule("1.35", "1.35.4"),
  "1.37": apiServerModule("1.37", "1.37.2"),
};

export const defaultPrograms: readonly GoModule[] = [
  {
    name: "etcd",
    version: "3.6.8",
    time: "40 seconds",
    ldflags: strip,
    programs: { etcd: "go.etcd.io/etcd/server/v3" },
  },
  {
    name: "kubernetes",
    version: "1.36.3",
    time: "5 minutes",
    // Without a version of its own the API server calls itself v0.0.0.
    ldflags: `${strip} -X k8s.io/component-base/version.gitVersion=v1.36.3`,
    programs: {
      "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
      kubectl: "k8s.io/kubernetes/cmd/kubectl",
      "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
      "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
      kubelet: "k8s.io/kubernetes/cmd/kubelet",
      "kube-proxy": "k8s.io/kubernetes/cmd/kube-proxy",
    },
  },
  {
    name: "containerd",
    version: "2.1.4",
    time: "45 seconds",
    ldflags: `${strip} -X github.com/containerd/containerd/v2/version.Version=v2.1.4`,
    // Snapshotters for which C libraries would be needed.
    tags: ["no_btrfs", "no_devmapper", "no_zfs"],
    programs: {
      containerd: "github.com/containerd/containerd/v2/cmd/containerd",
      "containerd-shim-runc-v2": "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
      ctr: "github.com/containerd/containerd/v2/cmd/ctr",
    },
  },
  {
    name: "cni",
    version: "1.9.1",
    time: "10 seconds",
    ldflags: strip,
    programs: {
      bridge: "github.com/containernetworking/plugins/plugins/main/bridge",
      "host-local": "github.com/containernetworking/plugins/plugins/ipam/host-local",
    },
  },
  {
    name: "pause",
    version: "of our own",
    time: "10 seconds",
    ldflags: strip,
    programs: { pause: "." },
  },
  {
    name: "stand-in-k3s",
    version: "of our own",
    time: "5 seconds",
    ldflags: strip,
    programs: { k3s: "." },
  },
  {
    name: "pebble",
    version: "2.10.1",
    time: "5 seconds",
    ldflags: `${strip} -X main.version=v2.10.1`,
    programs: {
      pebble: "github.com/letsencrypt/pebble/v2/cmd/pebble",
      "pebble-challtestsrv": "github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv",
    },
  },
  {
    name: "h2spec",
    version: "2.2.1",
    time: "5 seconds",
    ldflags: strip,
    programs: { h2spec: "github.com/summerwind/h2spec/cmd/h2spec" },
  },
  {
    name: "hcloud-go",
    version: "2.52.0",
    time: "15 seconds",
    ldflags: strip,
    programs: { "hcloud-go": "." },
  },
  {
    name: "cloudflare-go",
    version: "0.119.0",
    time: "20 seconds",
    ldflags: strip,
    programs: { "cloudflare-go": "." },
  },
  {
    name: "aws-sdk-go",
    version: "1.45.1",
    time: "25 seconds",
    ldflags: strip,
    programs: { "aws-sdk-go": "." },
  },
  {
    name: "hcl",
    version: "2.24.0",
    time: "10 seconds",
    ldflags: strip,
    programs: { hcl: "." },
  },
  {
    name: "cel",
    version: "0.26.0",
    time: "30 seconds",
    ldflags: strip,
    programs: { cel: "." },
  },
  // Helm's own engine without its commands, and Helm. Of its packages three in four are Kubernetes' too, in the same versions.
  {
    name: "helm",
    version: "3.22.0",
    time: "90 seconds",
    ldflags: strip,
    programs: { "helm-render": ".", helm: "helm.sh/helm/v3/cmd/helm" },
  },
  // The Lua that Argo CD has.
  {
    name: "gopher-lua",
    version: "1.1.2",
    time: "5 seconds",
    ldflags: strip,
    programs: { "argo-health": "." },
  },
];
/** What suites of the night alone start: from an empty Go cache each takes minutes of a processor. */
export const nightlyPrograms: readonly GoModule[] = [
  {
    name: "chart-testing",
    version: "3.14.0",
    time: "60 seconds",
    ldflags: strip,
    programs: { ct: "github.com/helm/chart-testing/v3/ct" },
  },
  {
    name: "python",
    version: "3.14.6",
    time: "5 seconds",
    ldflags: strip,
    programs: { "embedded-python": "." },
  },
  {
    name: "versitygw",
    version: "1.8.0",
    time: "70 seconds",
    ldflags: `${strip} -X main.Version=v1.8.0`,
    programs: { versitygw: "github.com/versity/versitygw/cmd/versitygw" },
  },
  {
    name: "cloud-auth-go",
    version: "1.15.0",
    time: "40 seconds",
    ldflags: strip,
    programs: { "cloud-auth-go": "." },
  },
  // Argo CD's engine, from its own repository, where it has no version.
  {
    name: "argo-diff",
    version: "c9c369efcc5b",
    time: "40 seconds",
    ldflags: strip,
    programs: { "argo-diff": "." },
  },
];
/** What exports are applied by, for test/exports/ alone. */
export const appliers: readonly GoModule[] = [
  {
    name: "opentofu",
    version: "1.12.6",
    time: "4 minutes",
    ldflags: strip,
    programs: { tofu: "github.com/opentofu/opentofu/cmd/tofu" },
  },
  {
    name: "terraform-provider-hcloud",
    version: "1.68.0",
    time: "1 minute",
    ldflags: strip,
    programs: { "terraform-provider-hcloud": "github.com/hetznercloud/terraform-provider-hcloud" },
  },
];
/** Of the API server's version, for test/cluster/signer/kubeadm.test.ts alone, which is run by night. */
export const kubeadmModule: GoModule = {
  name: "kubeadm",
  version: "1.36.3",
  time: "2 minutes",
  ldflags: `${strip} -X k8s.io/component-base/version.gitVersion=v1.36.3`,
  programs: { kubeadm: "k8s.io/kubernetes/cmd/kubeadm" },
};
export const modules: readonly GoModule[] = [
  ...defaultPrograms,
  ...nightlyPrograms,
  kubeadmModule,
  ...Object.values(otherVersions),
  ...appliers,
];
