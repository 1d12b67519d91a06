import { type ConfiguredDistribution, type DistributionName, isManaged } from "./distribution.ts";
import { type Flag, flagText, issuerFlags, type IssuerSpec } from "./issuer-flags.ts";

/** Lines for one place, and what puts them into effect. */
export interface Instruction {
  /** A file or command, and on which machines. */
  readonly where: string;
  /** What this pass over all API servers is for; absent where there is one pass alone. */
  readonly pass?: string;
  /** As they are written there. */
  readonly lines: readonly string[];
  /** A command, or what happens by itself. */
  readonly next?: string;
  /** What to know before doing it. */
  readonly note?: string;
}

/** Versions that change the instructions; absent where they are not known. */
export interface Versions {
  /** Of Kubernetes 1.x. */
  readonly kubernetes?: number | undefined;
  /** Of Talos 1.x. */
  readonly talos?: number | undefined;
}

type Writer = (flags: readonly Flag[], spec: IssuerSpec, versions: Versions) => readonly Instruction[];

const first = ({ issuers: [own = ""] }: IssuerSpec): string => own;

/** The flags for a place that holds one value for each. */
const single = (flags: readonly Flag[], spec: IssuerSpec): readonly Flag[] =>
  flags.filter(({ name, value }) => name !== "service-account-issuer" || value === first(spec));

/**
 * A new issuer comes in two passes. An API server refuses tokens of an issuer that it does not name, so a server that
 * signs as the new one before all others name it makes tokens that they refuse. In the first pass every server is made
 * to accept the new issuer, in the second each signs as it. Source:
 * https://kops.sigs.k8s.io/operations/service_account_issuer_migration/
 */
const passes = {
  accept: "Pass 1 of 2: every API server accepts the new issuer, the old one signs",
  sign: "Pass 2 of 2, when every API server has restarted: the new issuer signs, the old one is accepted",
} as const;

/** The issuers of the first pass. The address of the keys belongs to the issuer that signs, so it stays as it is. */
function accepting({ issuers: [own = "", ...old] }: IssuerSpec): readonly Flag[] {
  return [...old, own].map((value) => ({ name: "service-account-issuer", value }));
}

/** One place, once for each pass; with no issuer to move from, one pass is all there is. */
const inPasses =
  (place: (flags: readonly Flag[]) => Instruction): Writer =>
  (flags, spec) =>
    spec.issuers.length === 1
      ? [place(flags)]
      : [
          { ...place(accepting(spec)), pass: passes.accept },
          { ...place(flags), pass: passes.sign },
        ];

const oneIssuer = (where: string): string =>
  `${where} holds one value for a flag, so that the old issuer is accepted no longer: start the pods anew whose tokens name it.`;

/** The same file in k3s and RKE2; a key with + adds to what other files say. */
const rancher = (folder: string, service: string): Writer =>
  inPasses((flags) => ({
    where: `${folder}/config.yaml.d/50-issuer.yaml on each server`,
    lines: ["kube-apiserver-arg+:", ...flags.map((flag) => `  - ${flagText(flag)}`)],
    next: `systemctl restart ${service}, one server after the other`,
  }));

const manifestFile = "/etc/kubernetes/manifests/kube-apiserver.yaml";

/** A static pod's manifest, which kubeadm, kind and minikube have. */
const staticPod = (on: string): Writer =>
  inPasses((flags) => ({
    where: `${manifestFile} ${on}, in place of its --service-account-issuer`,
    lines: flags.map((flag) => `    - --${flagText(flag)}`),
    next: "the kubelet restarts the API server",
  }));

/** kubeadm's ClusterConfiguration: since v1beta4 a list, in which a flag may come twice. */
const listedArgs = (flags: readonly Flag[], indent = ""): readonly string[] => [
  `${indent}apiServer:`,
  `${indent}  extraArgs:`,
  ...flags.flatMap(({ name, value }) => [`${indent}    - name: ${name}`, `${indent}      value: ${value}`]),
];

const mappedArgs = (flags: readonly Flag[], indent = ""): readonly string[] => [
  `${indent}apiServer:`,
  `${indent}  extraArgs:`,
  ...flags.map(({ name, value }) => `${indent}    ${name}: ${value}`),
];

const kubeadm: Writer = (flags, spec, versions) => [
  ...staticPod("on each control plane node")(flags, spec, versions),
  {
    where: "the ClusterConfiguration (v1beta4) of the ConfigMap kube-system/kubeadm-config",
    lines: listedArgs(flags),
    next: "kubeadm upgrade keeps the flags",
    // https://github.com/kubernetes/kubeadm/issues/3261
    note: "kubeadm before 1.36, and patch releases of 1.32 to 1.35 from before February 2026, sort the two issuers by name: look at the manifest's order after an upgrade.",
  },
];

/** kind makes its config of kubeadm's v1beta3, and from Kubernetes 1.36 on of v1beta4. */
const kind: Writer = (flags, spec, versions) => {
  const { kubernetes = 36 } = versions;
  const isList = kubernetes >= 36;
  const fresh = single(flags, spec);
  return [
    ...staticPod("in each control plane node (docker exec -it NAME-control-plane sh)")(flags, spec, versions),
    {
      where: "the config of kind, for a new cluster instead",
      lines: [
        "kind: Cluster",
        "apiVersion: kind.x-k8s.io/v1alpha4",
        "kubeadmConfigPatches:",
        "  - |",
        "    kind: ClusterConfiguration",
        `    apiVersion: kubeadm.k8s.io/${isList ? "v1beta4" : "v1beta3"}`,
        ...(isList ? listedArgs(fresh, "    ") : mappedArgs(fresh, "    ")),
      ],
      next: "kind create cluster --config FILE",
    },
  ];
};

/** Source: minikube's handling of --extra-config, a map in which the last value of a key wins. */
const minikube: Writer = (flags, spec) => [
  {
    where: "a shell, for minikube",
    lines: [
      [
        "minikube start",
        ...single(flags, spec).map((flag) => `--extra-config=apiserver.${flagText(flag)}`),
      ].join(" \\\n  "),
    ].flatMap((line) => line.split("\n")),
    note: oneIssuer("minikube"),
  },
];

/** Source: https://microk8s.io/docs/configuring-services */
const microk8s: Writer = inPasses((flags) => ({
  where:
    "/var/snap/microk8s/current/args/kube-apiserver on each node, in place of its --service-account-issuer",
  lines: flags.map((flag) => `--${flagText(flag)}`),
  next: "sudo snap restart microk8s.daemon-kubelite, one node after the other",
}));

/** Source: https://docs.k0sproject.io/stable/configuration/#specapi */
const k0s: Writer = (flags, spec) => [
  {
    where: "/etc/k0s/k0s.yaml on each controller",
    lines: [
      "spec:",
      "  api:",
      "    extraArgs:",
      ...single(flags, spec).map(({ name, value }) => `      ${name}: ${value}`),
    ],
    next: "sudo k0s stop && sudo k0s start, one controller after the other",
    note: `${oneIssuer("k0s")} With several controllers a token of the new issuer is refused by those that were not restarted yet: restart all of them in one maintenance window.`,
  },
];

/** The issuer that signs and those that are accepted are in a document of their own, other flags in another. */
function talosDocuments(flags: readonly Flag[]): readonly string[] {
  const isIssuer = ({ name }: Flag): boolean => name === "service-account-issuer";
  const [signs, ...accepted] = flags.filter(isIssuer).map(({ value }) => value);
  const others = flags.filter((flag) => !isIssuer(flag));
  return [
    "apiVersion: v1alpha1",
    "kind: KubeServiceAccountConfig",
    "issuer:",
    `  issuerURL: ${signs}`,
    ...(accepted.length === 0 ? [] : ["accepted:", "  issuers:", ...accepted.map((one) => `    - ${one}`)]),
    ...(others.length === 0
      ? []
      : [
          "---",
          "apiVersion: v1alpha1",
          "kind: KubeAPIServerConfig",
          "extraArgs:",
          ...others.map(({ name, value }) => `  ${name}: ${value}`),
        ]),
  ];
}

/**
 * Source: https://docs.siderolabs.com/talos/v1.14/reference/configuration/kubernetes/kubeserviceaccountconfig; before
 * 1.14, cluster.apiServer.extraArgs.
 */
const talos: Writer = (flags, spec, versions) => {
  const { talos: minor = 14 } = versions;
  const next = "talosctl -n CONTROL-PLANE-NODES patch machineconfig --patch @issuer.yaml";
  if (minor >= 14)
    return inPasses((said) => ({
      where: "a patch of the control plane's machine config, issuer.yaml",
      lines: talosDocuments(said),
      next,
      note: "A machine config from before 1.14 has its account's key below cluster.serviceAccount: move it into the first document.",
    }))(flags, spec, versions);
  return [
    {
      where: "a patch of the control plane's machine config, issuer.yaml",
      lines: ["cluster:", ...mappedArgs(single(flags, spec), "  ")],
      next,
      note:
        minor === 13
          ? // https://github.com/siderolabs/talos/issues/13210
            "Talos 1.13 puts its own endpoint before any issuer that it is given, so that yours does not sign: upgrade to 1.14."
          : oneIssuer("Talos before 1.13"),
    },
  ];
};

const writers: Readonly<Record<ConfiguredDistribution, Writer>> = {
  k3s: rancher("/etc/rancher/k3s", "k3s"),
  rke2: rancher("/etc/rancher/rke2", "rke2-server"),
  kubeadm,
  kind,
  minikube,
  microk8s,
  k0s,
  talos,
};

/** Where nothing is known but the API server's own flags. */
const anyOther: Writer = inPasses((flags) => ({
  where: "the command line of every API server",
  lines: flags.map((flag) => `--${flagText(flag)}`),
  next: "restart the API servers, one after the other",
}));

/**
 * How a distribution's API server is configured with its issuers: what is written where, and what puts it into effect.
 * None for one whose provider runs the API server.
 */
export function issuerInstructions(
  name: DistributionName | undefined,
  spec: IssuerSpec,
  versions: Versions = {},
): readonly Instruction[] {
  if (name !== undefined && isManaged(name)) return [];
  const writer = name === undefined ? anyOther : writers[name];
  return writer(issuerFlags(spec), spec, versions);
}
