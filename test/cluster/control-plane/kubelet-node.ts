/** A control plane node on which a real kubelet runs the static pods, by containerd. It knows no API server. */
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeArchive } from "../../../tools/image/index.ts";
import { buildPrograms } from "../build.ts";
import { runtimeSocket, startContainerd } from "../harness/containerd.ts";
import { untilGone } from "../harness/endings.ts";
import { openNamespace } from "../harness/namespace.ts";
import { writePauseImage } from "../harness/node.ts";
import { hostNetwork } from "../harness/pod-network.ts";
import { openRun, type Run } from "../harness/run.ts";
import { findRunc } from "../harness/why-no-pods.ts";

/** The image that the manifest names: kubeadm's, of which the program alone is in ours. */
export const apiServerImage = "registry.k8s.io/kube-apiserver:v1.36.3";

/** Such a node, as far as its machine is concerned. */
export interface KubeletNode {
  /** Its first process, whose namespaces all others share. */
  readonly pid: number;
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

// Of the machine's root directory what the node takes from its host; the rest is of the node's own already.
const folders = ["etc", "opt", "root", "home"];

function configuration(cgroup: string, resolvConf: string): object {
  const none = "0%";
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    staticPodPath: "/etc/kubernetes/manifests",
    // It has nobody to ask about its callers, and no server.
    enableServer: false,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: false } },
    authorization: { mode: "AlwaysAllow" },
    healthzPort: 0,
    containerRuntimeEndpoint: `unix://${runtimeSocket}`,
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    oomScoreAdj: 0,
    resolvConf,
    makeIPTablesUtilChains: false,
    volumePluginDir: "/var/lib/kubelet/volume-plugins",
    evictionHard: {
      "memory.available": none,
      "nodefs.available": none,
      "nodefs.inodesFree": none,
      "imagefs.available": none,
      "imagefs.inodesFree": none,
    },
    imageGCHighThresholdPercent: 100,
  };
}

async function assemble(run: Run, name: string, root: string): Promise<KubeletNode> {
  const programs = await buildPrograms();
  const cgroup = `podtrust-node-${randomBytes(4).toString("hex")}`;
  run.createCgroup(cgroup);
  const [networkFolder, state] = [join(run.folder, "network"), join(run.folder, "state")];
  for (const folder of [networkFolder, state]) mkdirSync(folder);
  const namespace = await openNamespace(run, state, "the machine's", name);
  // A pod of the machine's network gets copies of them.
  for (const file of ["hosts", "resolv.conf"]) copyFileSync(join("/etc", file), join(root, "etc", file));
  for (const folder of folders) await namespace.exec("mount", ["--bind", join(root, folder), `/${folder}`]);
  const runtime = { programs, runc: findRunc(), networkFolder, network: hostNetwork };
  const { importImage } = await startContainerd(run, namespace, runtime);
  const [pause, apiServer] = [join(run.folder, "pause.tar"), join(run.folder, "kube-apiserver.tar")];
  writePauseImage(pause, programs.pause);
  const program = "usr/local/bin/kube-apiserver";
  writeArchive(
    apiServer,
    [{ path: program, mode: 0o755, content: { from: programs["kube-apiserver"] } }],
    [{ name: apiServerImage, entrypoint: [`/${program}`], environment: { PATH: "/usr/local/bin" } }],
  );
  for (const image of [pause, apiServer]) await importImage(image);
  const config = run.write(
    "kubelet.json",
    JSON.stringify(configuration(cgroup, run.write("resolv.conf", ""))),
  );
  const args = [`--config=${config}`, `--hostname-override=${name}`];
  const { program: kubelet } = await namespace.start("kubelet", programs.kubelet, args);
  return {
    pid: namespace.pid,
    output: () => kubelet.output(),
    async stop() {
      await run.end();
      await untilGone([namespace.pid]);
    },
  };
}

/** Starts it; `root` has what stands for its root directory. The caller stops it. */
export async function startKubeletNode(name: string, root: string): Promise<KubeletNode> {
  const run = openRun(`node-${name}`);
  try {
    return await assemble(run, name, root);
  } catch (error) {
    await run.end();
    throw error;
  }
}
