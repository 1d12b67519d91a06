import { dirname } from "node:path";
import type { Programs } from "../build.ts";
import type { ControlPlane } from "./control-plane.ts";
import { nodeName } from "./kubelet.ts";
import type { NodeNamespace } from "./namespace.ts";
import { Relays } from "./relay.ts";
import type { Run } from "./run.ts";

/** The bridge to which pods are joined, and its own address: where they find the node. */
const bridge = "cni0";
const gateway = "10.244.0.1";

/** As kube-apiserver gives them out. */
const serviceAddresses = "10.96.0.0/16";

/** What the container runtime is told of networks. */
export interface NetworkSetup {
  /** A list of plugins, as CNI has it (https://www.cni.dev/docs/spec/). */
  readonly list: { readonly cniVersion: string; readonly name: string; readonly plugins: readonly object[] };
  /** Folder of the plugins' programs; undefined where none is run. */
  readonly programs: string | undefined;
}

/**
 * A node counts as ready only with a network. There is no plugin behind this one: a pod that does not take the
 * host's network does not start, and its events say so.
 */
export const hostNetwork: NetworkSetup = {
  list: { cniVersion: "1.0.0", name: "none", plugins: [{ type: "only-hostNetwork-pods-run-on-this-node" }] },
  programs: undefined,
};

/** Pods have addresses of their own, on a bridge of the node. */
export const bridgeNetwork = (programs: Programs): NetworkSetup => ({
  list: {
    cniVersion: "1.0.0",
    name: "pods",
    plugins: [
      {
        type: "bridge",
        bridge,
        isGateway: true,
        hairpinMode: true,
        ipam: {
          type: "host-local",
          ranges: [[{ subnet: "10.244.0.0/24" }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
    ],
  },
  programs: dirname(programs.bridge),
});

/** A node's network of its own. */
export interface PodNetwork {
  readonly relays: Relays;
  /** Starts what leads from a Service's address to its pods, once the API server is reached. */
  readonly startProxy: () => Promise<void>;
  /** `host:port` by which pods reach what listens on a port of the machine's loopback. */
  readonly reach: (port: number) => Promise<string>;
  /** Leads from a port of the machine's loopback to an address of the node's network. */
  readonly lead: (port: number, to: { readonly host: string; readonly port: number }) => Promise<void>;
}

/**
 * The bridge before the first pod, whose plugin takes it as it is. The node itself has no way out, and Services'
 * addresses lie outside; kube-proxy turns them into pods'.
 */
async function makeBridge(namespace: NodeNamespace): Promise<void> {
  for (const line of [
    `link add ${bridge} type bridge`,
    `address add ${gateway}/24 dev ${bridge}`,
    `link set ${bridge} up`,
    `route add ${serviceAddresses} dev ${bridge}`,
  ])
    await namespace.exec("ip", line.split(" "));
}

const portOf = (url: string): number => Number(new URL(url).port);

/** Lets the API server's Service lead to it. Its own reconciler refuses to announce a loopback address. */
async function announce(plane: ControlPlane): Promise<void> {
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "kubernetes", labels: { "kubernetes.io/service-name": "kubernetes" } },
    addressType: "IPv4",
    endpoints: [{ addresses: [gateway], conditions: { ready: true } }],
    ports: [{ name: "https", port: portOf(plane.server), protocol: "TCP" }],
  };
  await plane.kubectl(["apply", "-f", "-"], JSON.stringify(slice));
}

/** Joins a node that has a network namespace to the control plane on the machine's loopback. */
export async function openPodNetwork(
  run: Run,
  namespace: NodeNamespace,
  setup: { readonly plane: ControlPlane; readonly programs: Programs; readonly egress: string | undefined },
): Promise<PodNetwork> {
  const { plane, programs, egress } = setup;
  await makeBridge(namespace);
  const relays = new Relays(run, namespace);
  for (const { url } of plane.servers) await relays.into(portOf(url));
  if (egress !== undefined) await relays.proxy(egress);
  const reached = new Set<number>(plane.servers.map(({ url }) => portOf(url)));
  return {
    relays,
    async startProxy() {
      await announce(plane);
      await namespace.start("kube-proxy", programs["kube-proxy"], [
        `--kubeconfig=${await plane.kubeconfigFor("system:kube-proxy")}`,
        `--hostname-override=${nodeName}`,
        "--proxy-mode=nftables",
        "--cluster-cidr=10.244.0.0/24",
        // The machine's table of connections is one for all namespaces, and stays as it is.
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
      ]);
    },
    lead: (port, to) => relays.outOf(port, to),
    async reach(port) {
      if (!reached.has(port)) await relays.into(port);
      reached.add(port);
      return `${gateway}:${port}`;
    },
  };
}
