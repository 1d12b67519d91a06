import { join } from "node:path";
import { buildPrograms } from "../build.ts";
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "./control-plane.ts";
import { type ClusterNode, type NodeOptions, type PodAddresses, startNode } from "./node.ts";
import { openRun, type Program, type Run } from "./run.ts";
import { startWorkers } from "./workers.ts";
import { until } from "../../support/until.ts";

/** A whole Kubernetes: a control plane with its controllers, and a node that runs pods. */
export interface Cluster extends ControlPlane {
  readonly node: ClusterNode;
}

async function untilServiceAccounts(plane: ControlPlane): Promise<void> {
  const path = "/api/v1/namespaces/default/serviceaccounts/default";
  const isMade = async (): Promise<boolean> => (await plane.ask(path)).status === 200;
  await until("the controller manager has made a ServiceAccount", isMade, { everyMs: 100 });
}

interface Population {
  readonly workers: readonly Program[];
  readonly node: ClusterNode;
}

async function populate(plane: ControlPlane, run: Run, options: NodeOptions): Promise<Population> {
  const workers = await startWorkers(run, plane, await buildPrograms());
  const node = await startNode(plane, options);
  try {
    await untilServiceAccounts(plane);
    return { workers, node };
  } catch (error) {
    await node.stop();
    throw error;
  }
}

export interface ClusterOptions extends ControlPlaneOptions {
  /** Of pods; the machine's by default, and then they say hostNetwork. */
  readonly podAddresses?: PodAddresses;
}

/** The flag by which an API server reaches Services, pods and kubelets through a proxy, and by no route of its own. */
function egressFlag(run: Run, udsName: string): string {
  const connection = { proxyProtocol: "HTTPConnect", transport: { uds: { udsName } } };
  const selection = {
    apiVersion: "apiserver.k8s.io/v1beta1",
    kind: "EgressSelectorConfiguration",
    egressSelections: [{ name: "cluster", connection }],
  };
  return `--egress-selector-config-file=${run.write("egress.json", JSON.stringify(selection))}`;
}

/** Starts a whole Kubernetes; resolves when its node is ready and pods can be made in the namespace default. */
export async function startCluster({
  podAddresses,
  extraArgs = [],
  ...options
}: ClusterOptions): Promise<Cluster> {
  const run = openRun("workers");
  const egress = podAddresses === "their own" ? join(run.folder, "egress.sock") : undefined;
  const flags = egress === undefined ? extraArgs : [...extraArgs, egressFlag(run, egress)];
  const plane = await startControlPlane({ ...options, extraArgs: flags }).catch(async (error: unknown) => {
    await run.end();
    throw error;
  });
  const endControl = async (): Promise<void> => {
    await run.end();
    await plane.stop();
  };
  try {
    const { workers, node } = await populate(plane, run, { podAddresses, egress });
    const stop = async (): Promise<void> => {
      await node.stop();
      await endControl();
    };
    return {
      ...plane,
      node,
      pids: () => [...plane.pids(), ...workers.map(({ pid }) => pid), ...node.pids()],
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await endControl();
    throw error;
  }
}
