import { isRecord, PodtrustError, textOf } from "../../core/base/index.ts";
import type { SecretName } from "../../config/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import type { ForeignPair } from "../../providers/tls/foreign/index.ts";

// The same limit as for files: a chain of ten certificates is a tenth of it.
const maxBytes = 256 * 1024;

/**
 * The certificate of a Secret of type kubernetes.io/tls (`tls.crt`, `tls.key`), for its watcher. `read` rejects as the
 * cluster's API does, with `cluster-not-found` if there is none, and `certificate-invalid` if it holds none.
 */
export function tlsSecret(
  cluster: Pick<KubernetesApi, "read">,
  { namespace, name }: SecretName,
): { readonly from: string; readonly read: () => Promise<ForeignPair> } {
  const from = `Secret ${namespace}/${name}`;
  const pem = (data: unknown, entry: string): string => {
    const encoded = isRecord(data) ? (textOf(data[entry]) ?? "") : "";
    if (encoded !== "" && encoded.length <= maxBytes) return Buffer.from(encoded, "base64").toString("utf8");
    const why = encoded === "" ? `has no ${entry}` : `has a ${entry} of more than ${maxBytes} bytes`;
    throw new PodtrustError("certificate-invalid", `${from} ${why}`, {
      next: "Name a Secret of type kubernetes.io/tls, as cert-manager makes it for a Certificate.",
    });
  };
  const read = async (): Promise<ForeignPair> => {
    const secret = await cluster.read({ kind: "Secret", namespace, name });
    if (secret === undefined) {
      throw new PodtrustError("cluster-not-found", `there is no ${from}`, {
        next: "Wait until its issuer (cert-manager) has made it: kubectl describe certificate says what it waits for.",
      });
    }
    return { certificate: pem(secret["data"], "tls.crt"), key: pem(secret["data"], "tls.key") };
  };
  return { from, read };
}
