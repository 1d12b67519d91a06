import { PodtrustError, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { parseJws } from "../../rules/oidc/index.ts";
import { type LegacyToken, type PodTokens, podTokensOf } from "../../rules/rotation/index.ts";

const pageSize = 250;
// A hundred thousand objects: a cluster has at most 150,000 pods (https://kubernetes.io/docs/setup/best-practices/cluster-large/).
const maxPages = 600;
const legacyType = "kubernetes.io/service-account-token";
const lastUsedLabel = "kubernetes.io/legacy-token-last-used";

/** All objects below a path, page by page. */
async function everything(
  cluster: Pick<KubernetesApi, "get" | "server">,
  path: string,
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  let rest = "";
  for (let page = 0; page < maxPages; page += 1) {
    const separator = path.includes("?") ? "&" : "?";
    const query = `${separator}limit=${pageSize}${rest === "" ? "" : `&continue=${encodeURIComponent(rest)}`}`;
    const { status, body } = await cluster.get(`${path}${query}`, { signal });
    if (status !== 200) {
      throw new PodtrustError("cluster-forbidden", `cluster ${cluster.server}: ${path} answered ${status}`, {
        next: "Rotating takes an administrator's credentials: list on pods and secrets of all namespaces.",
        detail: { server: cluster.server, status },
      });
    }
    const list = recordOf(JSON.parse(body.toString("utf8")));
    found.push(...recordsOf(list["items"]));
    rest = textOf(recordOf(list["metadata"])["continue"]) ?? "";
    if (rest === "") return found;
  }
  throw new PodtrustError("cluster-answer-invalid", `cluster ${cluster.server}: ${path} has no end`);
}

/** The tokens of every pod that lives. Throws `cluster-*`. */
export async function podsOf(
  cluster: Pick<KubernetesApi, "get" | "server">,
  signal: AbortSignal,
): Promise<readonly PodTokens[]> {
  const pods = await everything(cluster, "/api/v1/pods", signal);
  return pods.map(podTokensOf).filter((pod) => pod !== undefined);
}

function kidOf(encoded: unknown): string | undefined {
  try {
    return parseJws(Buffer.from(textOf(encoded) ?? "", "base64").toString("utf8")).kid;
  } catch {
    return undefined;
  }
}

function legacyOf(secret: unknown): readonly LegacyToken[] {
  const { metadata, data } = recordOf(secret);
  const { namespace, name, labels, annotations } = recordOf(metadata);
  const kid = kidOf(recordOf(data)["token"]);
  if (kid === undefined) return [];
  const used = Date.parse(textOf(recordOf(labels)[lastUsedLabel]) ?? "");
  return [
    {
      namespace: textOf(namespace) ?? "",
      name: textOf(name) ?? "",
      serviceAccount: textOf(recordOf(annotations)["kubernetes.io/service-account.name"]) ?? "",
      kid,
      lastUsed: Number.isNaN(used) ? undefined : used,
    },
  ];
}

/** The tokens that lie in Secrets and have no end: of each its key ID, and nothing of the token. Throws `cluster-*`. */
export async function legacyTokensOf(
  cluster: Pick<KubernetesApi, "get" | "server">,
  signal: AbortSignal,
): Promise<readonly LegacyToken[]> {
  const secrets = await everything(cluster, `/api/v1/secrets?fieldSelector=type%3D${legacyType}`, signal);
  return secrets.flatMap(legacyOf);
}
