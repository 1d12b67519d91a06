import { yamlText } from "../../core/yaml/index.ts";
import { endpointPatch } from "../../rules/signer/index.ts";
import { signerPod, signerRbac } from "./objects.ts";
import { signerPaths } from "./paths.ts";
import { signerUnit } from "./unit.ts";

/**
 * A distribution whose API server can use a signer. Not k3s and RKE2: they write both flags of key files, an option can
 * change their values alone, and kube-apiserver refuses them beside a signer even where they are empty
 * (test/cluster/signer/signer.test.ts).
 */
export type SignerDistribution = "kubeadm" | "other";

export interface SignerFilesOptions {
  readonly distribution: SignerDistribution;
  /** The signer runs as a static pod of this image (kubeadm alone), else as a systemd unit. */
  readonly image?: string;
  /** Where podtrust is on the machine, for the unit. */
  readonly program: string;
  /** kubeadm: the manifest of the API server as it is, read. */
  readonly manifest?: unknown;
  /** The cluster's issuer; two while another one is adopted. */
  readonly issuers: readonly string[];
  /** Each API server's own address, where there are several. */
  readonly peers: readonly string[];
  /** Programs that hold keys, each as `pkcs11=/usr/local/bin/podtrust-pkcs11`; for the unit alone. */
  readonly holders: readonly string[];
}

/** A file of a control plane's machine, or of kubectl where `path` is none. */
export interface SignerFile {
  /** Where it goes; absent: to `kubectl apply -f -`. */
  readonly path?: string;
  readonly text: string;
  /** The next step, which activates it. */
  readonly next: string;
}

/** The unit that starts the API server. */
const startedBy: Readonly<Record<SignerDistribution, string | undefined>> = {
  kubeadm: "kubelet.service",
  other: undefined,
};

function optionsOf({ issuers, peers, holders }: SignerFilesOptions): readonly string[] {
  const { state, socket } = signerPaths;
  const asked = [
    ...peers.flatMap((url) => ["--peer", url]),
    "--peer-ca",
    `${state}/peers/ca.crt`,
    "--peer-certificate",
    `${state}/peers/client.crt`,
    "--peer-key",
    `${state}/peers/client.key`,
  ];
  const held = holders.flatMap((holder) => ["--holder", holder]);
  const signedFor = issuers.flatMap((issuer) => ["--issuer", issuer]);
  return ["--state", state, "--socket", socket, ...signedFor, ...held, ...(peers.length === 0 ? [] : asked)];
}

function apiServerFile(options: SignerFilesOptions): SignerFile {
  const { distribution, manifest } = options;
  if (distribution === "kubeadm")
    return {
      path: "/etc/kubernetes/patches/kube-apiserver0+json.json",
      text: `${JSON.stringify(endpointPatch(manifest, signerPaths), undefined, 2)}\n`,
      next: "kubeadm init phase control-plane apiserver --config FILE, on one node after the other; FILE has the cluster's ClusterConfiguration and an InitConfiguration with patches.directory: /etc/kubernetes/patches; give --patches to every later kubeadm upgrade too",
    };
  return {
    text: `--service-account-signing-endpoint=${signerPaths.socket}\n`,
    next: "give this flag to every API server in place of --service-account-signing-key-file and --service-account-key-file, one after the other",
  };
}

function signerFile(options: SignerFilesOptions): SignerFile {
  const { image, program, distribution } = options;
  if (image !== undefined)
    return {
      path: `/etc/kubernetes/manifests/${signerPaths.name}.yaml`,
      text: yamlText(signerPod(image, optionsOf(options))),
      next: `before it: install -d -m 0700 ${signerPaths.state}, and podtrust signer import`,
    };
  return {
    path: `/etc/systemd/system/${signerPaths.name}.service`,
    text: signerUnit({
      program,
      before: startedBy[distribution],
      hasHolders: options.holders.length > 0,
      options: optionsOf(options),
    }),
    next:
      options.holders.length === 0
        ? `podtrust signer import, then systemctl enable --now ${signerPaths.name}`
        : `the holder's settings in ${signerPaths.environment} (mode 0600), podtrust signer add, then systemctl enable --now ${signerPaths.name}`,
  };
}

/**
 * The files that make a cluster's API servers use a signer, in the order of installation. Throws `signer-manifest` for a
 * manifest that cannot be patched.
 */
export function signerFiles(options: SignerFilesOptions): readonly SignerFile[] {
  const rights: SignerFile = {
    text: signerRbac()
      .map((object) => yamlText(object))
      .join("---\n"),
    next: "kubectl apply -f -, for the user podtrust-signer of the peers' client certificate",
  };
  return [...(options.peers.length === 0 ? [] : [rights]), signerFile(options), apiServerFile(options)];
}
