import { readFileSync } from "node:fs";
import type { ControlPlane } from "./control-plane.ts";
import { runtimeSocket } from "./containerd.ts";
import { ask } from "./https.ts";
import type { Inmate, NodeNamespace } from "./namespace.ts";
import { freePorts } from "./ports.ts";
import { type Run, untilReady } from "./run.ts";

/**
 * The node's name. As an address it is the node's address too, which a kubelet refuses to take from a flag when it
 * is a loopback one.
 */
export const nodeName = "127.0.0.1";

export interface Kubelet {
  readonly pid: () => number;
  readonly output: () => string;
  /** Ends it and starts it again; pods go on, and what it knew of tokens is forgotten. */
  readonly restart: () => Promise<void>;
}

interface Files {
  readonly clientCa: string;
  readonly certificate: string;
  readonly key: string;
  readonly resolvConf: string;
}

function configuration(port: number, cgroup: string, files: Files): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: "127.0.0.1",
    port,
    healthzPort: 0,
    tlsCertFile: files.certificate,
    tlsPrivateKeyFile: files.key,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: files.clientCa },
    },
    authorization: { mode: "Webhook" },
    containerRuntimeEndpoint: `unix://${runtimeSocket}`,
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    oomScoreAdj: 0,
    resolvConf: files.resolvConf,
    // The machine's own rules and folders stay as they are.
    makeIPTablesUtilChains: false,
    volumePluginDir: "/var/lib/kubelet/volume-plugins",
    // Other work on the machine must not push the pods off it, nor the images.
    evictionHard: {
      "memory.available": "0%",
      "nodefs.available": "0%",
      "nodefs.inodesFree": "0%",
      "imagefs.available": "0%",
      "imagefs.inodesFree": "0%",
    },
    imageGCHighThresholdPercent: 100,
    // How soon it looks at a pod again: tests wait for it.
    syncFrequency: "5s",
  };
}

/** Starts a kubelet and waits until its node is ready. */
export async function startKubelet(
  run: Run,
  namespace: NodeNamespace,
  setup: {
    readonly plane: ControlPlane;
    readonly command: string;
    readonly cgroup: string;
    /** Called with the port of its loopback on which it listens, before it does. */
    readonly onPort: (port: number) => Promise<void>;
  },
): Promise<Kubelet> {
  const { plane, command, cgroup } = setup;
  const [port = 0] = await freePorts(1);
  await setup.onPort(port);
  const serving = await plane.issue({ commonName: nodeName, names: [nodeName, "localhost"] });
  const config = run.write(
    "kubelet.json",
    JSON.stringify(
      configuration(port, cgroup, {
        clientCa: run.write("ca.crt", plane.ca),
        certificate: run.write("kubelet.crt", serving.certificate),
        key: run.write("kubelet.key", serving.key),
        // The machine's may be a link into /run, which is another one for the node.
        resolvConf: run.write("resolv.conf", readFileSync("/etc/resolv.conf", "utf8")),
      }),
    ),
  );
  const kubeconfig = await plane.kubeconfigFor(`system:node:${nodeName}`, ["system:nodes"]);
  const client = await plane.issue({ commonName: "harness", organizations: ["system:masters"] });
  const args = [`--config=${config}`, `--kubeconfig=${kubeconfig}`, `--hostname-override=${nodeName}`];
  const ready = async (): Promise<void> => {
    const health = await ask(`https://127.0.0.1:${port}/healthz`, plane.ca, { client });
    if (health.status !== 200) throw new Error(`the kubelet answers ${health.status}: ${health.text}`);
    const { text } = await plane.ask(`/api/v1/nodes/${nodeName}`);
    const { status } = JSON.parse(text) as {
      status: { conditions?: readonly { type: string; status: string; message: string }[] };
    };
    const condition = status.conditions?.find(({ type }) => type === "Ready");
    if (condition?.status !== "True") throw new Error(`the node is not ready: ${condition?.message}`);
  };
  const launch = async (): Promise<Inmate> => {
    const inmate = await namespace.start("kubelet", command, args);
    await untilReady(inmate.program, ready);
    return inmate;
  };
  let inmate = await launch();
  return {
    pid: () => inmate.pid,
    output: () => inmate.program.output(),
    async restart() {
      await inmate.stop();
      inmate = await launch();
    },
  };
}
