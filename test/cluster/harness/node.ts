import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { buildPrograms } from "../build.ts";
import { startContainerd, pauseImage, type Containerd } from "./containerd.ts";
import { untilGone } from "./endings.ts";
import { nodeName, startKubelet, type Kubelet } from "./kubelet.ts";
import { openNamespace, type NodeNamespace } from "./namespace.ts";
import { bridgeNetwork, hostNetwork, openPodNetwork, type PodNetwork } from "./pod-network.ts";
import { openRun, type Run } from "./run.ts";
import { findRunc } from "./why-no-pods.ts";
import { writeArchive } from "../../../tools/image/index.ts";
import type { ControlPlane } from "./control-plane.ts";

/** Writes the image of one static program that holds a pod's namespaces. */
export function writePauseImage(file: string, program: string): void {
  writeArchive(
    file,
    [{ path: "pause", mode: 0o755, content: { from: program } }],
    [{ name: pauseImage, entrypoint: ["/pause"], user: "65535:65535" }],
  );
}

/** A node that runs pods. */
export interface ClusterNode {
  /** Its name in Kubernetes. */
  readonly name: string;
  readonly kubelet: Kubelet;
  /** Takes in a tar of an image; pods that name it say `imagePullPolicy: Never`. */
  readonly importImage: (file: string) => Promise<void>;
  /** `ctr` with its arguments, for containers, images, tasks; gives its stdout. */
  readonly ctr: (args: readonly string[]) => Promise<string>;
  /** `host:port` by which pods reach what listens on a port of the machine's loopback. */
  readonly reach: (port: number) => Promise<string>;
  /** Leads from a port of the machine's loopback to an address in the node's network, a Service's or a pod's. */
  readonly lead: (port: number, to: { readonly host: string; readonly port: number }) => Promise<void>;
  /** Its files and logs; gone after `stop`. */
  readonly folder: string;
  /** The name of the cgroup, in every hierarchy, below which its pods run. */
  readonly cgroup: string;
  /** Its own programs; pods are not among them. */
  readonly pids: () => readonly number[];
  /** Ends it with its pods, at once. */
  readonly stop: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

function handle(
  run: Run,
  namespace: NodeNamespace,
  parts: {
    readonly containerd: Containerd;
    readonly kubelet: Kubelet;
    readonly cgroup: string;
    readonly network: PodNetwork | undefined;
  },
): ClusterNode {
  const { containerd, kubelet, cgroup, network } = parts;
  const stop = async (): Promise<void> => {
    await run.end();
    // The last to go: the kernel keeps the first process of a PID namespace until all others are gone.
    await untilGone([namespace.pid]);
  };
  return {
    name: nodeName,
    kubelet,
    importImage: containerd.importImage,
    ctr: containerd.ctr,
    reach: network?.reach ?? ((port) => Promise.resolve(`127.0.0.1:${port}`)),
    lead: (port, to) =>
      network?.lead(port, to) ?? Promise.reject(new Error("the node has no network of its own")),
    folder: run.folder,
    cgroup,
    pids: () => [namespace.pid, containerd.inmate.pid, kubelet.pid()],
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Where pods have their addresses from. */
export type PodAddresses = "their own" | "the machine's";

/** Of what a node is made, beside its control plane. */
export interface NodeOptions {
  /** The machine's by default. */
  readonly podAddresses?: PodAddresses | undefined;
  /** Socket file at which API servers ask for ways into the node's own network, by HTTP CONNECT. */
  readonly egress?: string | undefined;
}

async function assemble(run: Run, plane: ControlPlane, options: NodeOptions): Promise<ClusterNode> {
  const programs = await buildPrograms();
  const { podAddresses, egress } = options;
  const isOwn = podAddresses === "their own";
  const cgroup = `podtrust-node-${randomBytes(4).toString("hex")}`;
  run.createCgroup(cgroup);
  const networkFolder = join(run.folder, "network");
  for (const folder of [networkFolder, join(run.folder, "state")]) mkdirSync(folder);
  const namespace = await openNamespace(run, join(run.folder, "state"), isOwn ? "own" : "the machine's");
  const network = isOwn ? await openPodNetwork(run, namespace, { plane, programs, egress }) : undefined;
  const containerd = await startContainerd(run, namespace, {
    programs,
    runc: findRunc(),
    networkFolder,
    network: isOwn ? bridgeNetwork(programs) : hostNetwork,
  });
  const pause = join(run.folder, "pause.tar");
  writePauseImage(pause, programs.pause);
  await containerd.importImage(pause);
  const kubelet = await startKubelet(run, namespace, {
    plane,
    command: programs.kubelet,
    cgroup,
    onPort: async (port) => network?.relays.outOf(port),
  });
  await network?.startProxy();
  return handle(run, namespace, { containerd, kubelet, cgroup, network });
}

/** Starts containerd and a kubelet for a control plane, of which it can be the one node, and waits until it is ready. */
export async function startNode(plane: ControlPlane, options: NodeOptions = {}): Promise<ClusterNode> {
  const run = openRun("node");
  try {
    return await assemble(run, plane, options);
  } catch (error) {
    await run.end();
    throw error;
  }
}
