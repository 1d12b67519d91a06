import process from "node:process";
import { type KubernetesVersion, whyNoAppliers, whyNoCluster } from "../build.ts";
import { whyNoPods } from "./why-no-pods.ts";

export {
  buildKubeadm,
  buildPrograms,
  type KubernetesVersion,
  kubernetesVersion,
  type Programs,
  testedVersions,
} from "../build.ts";
export type { ApiServer, ServerKeys } from "./api-server.ts";
export { type Cluster, type ClusterOptions, startCluster } from "./cluster.ts";
export { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "./control-plane.ts";
export { pauseImage } from "./containerd.ts";
export { hierarchies } from "./cgroup.ts";
export type { ApiAnswer, AskOptions } from "./https.ts";
export { type ChallengeDns, type Pebble, type PebbleOptions, startPebble } from "./pebble.ts";
export { podtrustImage, writePodtrustImages } from "../../support/podtrust-images.ts";
export { type JobOutcome, untilJobEnds } from "./jobs.ts";
export type { Kubelet } from "./kubelet.ts";
export { type ClusterNode, startNode } from "./node.ts";
export { freePorts } from "./ports.ts";
export type { SigningKey, SigningKeyType } from "./signing-key.ts";

function reasonLeftOut(reason: string | undefined, what: string): string | false {
  if (reason === undefined) return false;
  if (process.env["CI"] === "true") throw new Error(`${what} cannot run: ${reason}`);
  return `left out: ${reason}`;
}

/**
 * For `test(name, { skip: leftOut() })`: false where the real servers can be had, else the reason why the suite is
 * left out. With CI=true an error instead: there, nothing is left out. `versions` are those that the suite asks for
 * beside the usual one.
 */
export function leftOut(versions: readonly KubernetesVersion[] = []): string | false {
  return reasonLeftOut(whyNoCluster(versions), "the cluster suites");
}

/** The same for suites that apply exports by the real programs. */
export function appliersLeftOut(): string | false {
  return reasonLeftOut(whyNoAppliers(), "the suites that apply exports");
}

/** The same for suites that run pods, which takes more: Linux, root, runc, cgroups. */
export function podsLeftOut(): string | false {
  return reasonLeftOut(whyNoPods(), "the suites with pods");
}
