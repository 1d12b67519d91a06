import { type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { ClientCertificate } from "../../providers/kubernetes/index.ts";
import type { ServerMachine } from "./machine.ts";
import type { ServerFiles } from "./server.ts";

/**
 * The kubeconfig that each distribution writes for who has root there, with a client certificate. Source:
 * https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/create-cluster-kubeadm/, https://docs.k3s.io/cluster-access,
 * https://docs.rke2.io/cluster_access
 */
const kubeconfigs: Readonly<Record<ServerFiles["distribution"], string>> = {
  kubeadm: "/etc/kubernetes/admin.conf",
  k3s: "/etc/rancher/k3s/k3s.yaml",
  rke2: "/etc/rancher/rke2/rke2.yaml",
};

function named(list: unknown, name: string, inner: string): JsonRecord {
  const entry = recordsOf(list).find((one) => one["name"] === name);
  return recordOf(entry?.[inner]);
}

const decodedText = (value: unknown): string => Buffer.from(textOf(value) ?? "", "base64").toString("utf8");

/**
 * The machine's own administrator: no signing key of tokens vouches for a client certificate. It is read over SSH, held in memory alone
 * and used by the tunnel to the machine's API server. Undefined where the file is not there or has none. Throws `host-*`, `ssh-*`.
 */
export async function adminCertificate(
  machine: ServerMachine,
  distribution: ServerFiles["distribution"],
  signal: AbortSignal,
): Promise<ClientCertificate | undefined> {
  const path = kubeconfigs[distribution];
  const config = await machine.readYaml(path, signal);
  if (config === undefined) return undefined;
  const context = named(config["contexts"], textOf(config["current-context"]) ?? "", "context");
  const user = named(config["users"], textOf(context["user"]) ?? "", "user");
  const cert = decodedText(user["client-certificate-data"]);
  const key = decodedText(user["client-key-data"]);
  return cert === "" || key === "" ? undefined : { from: `${path} of ${machine.text}`, cert, key };
}
