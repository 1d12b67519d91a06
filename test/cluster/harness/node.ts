import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { buildPrograms } from "../build.ts";
import { type Containerd, startContainerd } from "./containerd.ts";
import type { ControlPlane } from "./control-plane.ts";
import { untilGone } from "./endings.ts";
import { writePauseImage } from "./images.ts";
import { type Kubelet, nodeName, startKubelet } from "./kubelet.ts";
import { type NodeNamespace, openNamespace } from "./namespace.ts";
import { openRun, type Run } from "./run.ts";
import { findRunc } from "./why-no-pods.ts";

/** A node that runs pods. */
export interface ClusterNode {
  /** Its name in Kubernetes. */
  readonly name: string;
  readonly kubelet: Kubelet;
  /** Takes in a tar of an image; pods that name it say `imagePullPolicy: Never`. */
  readonly importImage: (file: string) => Promise<void>;
  /** `ctr` with its arguments, for containers, images, tasks; gives its stdout. */
  readonly ctr: (args: readonly string[]) => Promise<string>;
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
  parts: { readonly containerd: Containerd; readonly kubelet: Kubelet; readonly cgroup: string },
): ClusterNode {
  const { containerd, kubelet, cgroup } = parts;
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
    folder: run.folder,
    cgroup,
    pids: () => [namespace.pid, containerd.inmate.pid, kubelet.pid()],
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function assemble(run: Run, plane: ControlPlane): Promise<ClusterNode> {
  const programs = await buildPrograms();
  const cgroup = `podtrust-node-${randomBytes(4).toString("hex")}`;
  run.createCgroup(cgroup);
  const networkFolder = join(run.folder, "network");
  for (const folder of [networkFolder, join(run.folder, "state")]) mkdirSync(folder);
  const namespace = await openNamespace(run, join(run.folder, "state"));
  const containerd = await startContainerd(run, namespace, { programs, runc: findRunc(), networkFolder });
  const pause = join(run.folder, "pause.tar");
  writePauseImage(pause, programs.pause);
  await containerd.importImage(pause);
  const kubelet = await startKubelet(run, namespace, { plane, command: programs.kubelet, cgroup });
  return handle(run, namespace, { containerd, kubelet, cgroup });
}

/** Starts containerd and a kubelet for a control plane, of which it can be the one node, and waits until it is ready. */
export async function startNode(plane: ControlPlane): Promise<ClusterNode> {
  const run = openRun("node");
  try {
    return await assemble(run, plane);
  } catch (error) {
    await run.end();
    throw error;
  }
}
