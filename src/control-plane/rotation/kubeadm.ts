import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { type ApiServerFlags, type ControlPlaneServer, kubeadmConfig } from "../servers/index.ts";

/**
 * Writes the key files with which the API servers will be started into kubeadm's own config as well. The next
 * `kubeadm upgrade` would write the keys of before into the manifests otherwise, and API servers would refuse
 * every token of the present one. `notice` gets what it cannot hold. Does nothing if the servers are not
 * kubeadm's.
 */
export async function keepKeysInKubeadm(
  servers: readonly ControlPlaneServer[],
  cluster: KubernetesApi,
  { signal, notice }: { readonly signal: AbortSignal; readonly notice: (text: string) => void },
): Promise<void> {
  const own = servers.filter(({ files }) => files.distribution === "kubeadm");
  const [first, ...others] = await Promise.all(
    own.map(async ({ api }) => (await api.whatRuns(signal)).starts),
  );
  if (first === undefined) return;
  const filesOf = ({ keyFiles, signingKeyFile }: ApiServerFlags): string =>
    JSON.stringify([keyFiles, signingKeyFile]);
  const isSame = others.every((other) => filesOf(other) === filesOf(first));
  const fault = isSame
    ? await kubeadmConfig(cluster).changeKeys(first, signal)
    : "ConfigMap kube-system/kubeadm-config was left as it is: the API servers name different key files";
  if (fault !== undefined)
    notice(`${fault}. After each kubeadm upgrade compare --service-account-key-file of every API server.`);
}
