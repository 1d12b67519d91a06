import { join } from "node:path";
import type { Programs } from "../build.ts";
import type { Inmate, NodeNamespace } from "./namespace.ts";
import type { NetworkSetup } from "./pod-network.ts";
import { type Run, untilReady } from "./run.ts";

/** Where it listens, in its node's namespaces. */
export const runtimeSocket = "/run/containerd/containerd.sock";

/** The image that holds the namespaces of a pod. */
export const pauseImage = "test.invalid/pause:1";

/** A runtime for containers. */
export interface Containerd {
  readonly inmate: Inmate;
  /** Takes in a tar of an image, in Docker's form or OCI's. */
  readonly importImage: (file: string) => Promise<void>;
  /** `ctr` with its arguments, in the namespace of Kubernetes; gives its stdout. */
  readonly ctr: (args: readonly string[]) => Promise<string>;
}

function configuration(folder: string, plugins: string, shim: string, runc: string): string {
  return `version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.nri.v1.nri",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.erofs",
  "io.containerd.differ.v1.erofs",
  "io.containerd.tracing.processor.v1.otlp",
  "io.containerd.internal.v1.tracing",
]

[grpc]
address = "${runtimeSocket}"

# Its default place is made on the machine.
[plugins."io.containerd.internal.v1.opt"]
path = "/var/lib/containerd/opt"

[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "${pauseImage}"

[plugins."io.containerd.cri.v1.runtime"]
# A root without CAP_SYS_RESOURCE cannot give the pause process the score that Kubernetes wants for it.
restrict_oom_score_adj = true

[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["${plugins}"]
conf_dir = "${folder}"
# Otherwise it asks for a plugin for that too, and which of two absent ones an event names is left to chance.
use_internal_loopback = true

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
runtime_path = "${shim}"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
BinaryName = "${runc}"
SystemdCgroup = false
`;
}

/** Starts containerd in a node's namespaces and waits until it answers. */
export async function startContainerd(
  run: Run,
  namespace: NodeNamespace,
  files: {
    readonly programs: Programs;
    readonly runc: string;
    readonly networkFolder: string;
    readonly network: NetworkSetup;
  },
): Promise<Containerd> {
  const { programs, runc, networkFolder, network } = files;
  run.write(join("network", `${network.list.name}.conflist`), JSON.stringify(network.list));
  const config = run.write(
    "containerd.toml",
    configuration(
      networkFolder,
      network.programs ?? networkFolder,
      programs["containerd-shim-runc-v2"],
      runc,
    ),
  );
  const inmate = await namespace.start("containerd", programs.containerd, [`--config=${config}`]);
  const ctr = (args: readonly string[]): Promise<string> =>
    namespace.exec(programs.ctr, [`--address=${runtimeSocket}`, "--namespace=k8s.io", ...args]);
  await untilReady(inmate.program, () => ctr(["version"]));
  return {
    inmate,
    ctr,
    importImage: async (file) => {
      await ctr(["images", "import", "--no-unpack=false", "--local", file]);
    },
  };
}
