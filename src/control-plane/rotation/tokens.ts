import { PodtrustError } from "../../core/base/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import type { LegacyToken } from "../../rules/rotation/index.ts";
import { type PodTokens, podTokensOf } from "../../rules/tokens/index.ts";
import { type Pages, readLegacyTokens, readPods } from "../tokens/index.ts";

// A cluster has at most 150,000 pods (https://kubernetes.io/docs/setup/best-practices/cluster-large/).
const maxObjects = 150_000;

/** All of them: it is unknown when tokens that were not read end. */
function whole<T>(api: KubernetesApi, what: string, { kept, isWhole }: Pages<T>): readonly T[] {
  if (isWhole) return kept;
  throw new PodtrustError("cluster-answer-invalid", `cluster ${api.server}: its list of ${what} has no end`);
}

/** The tokens of every pod that lives. Throws `cluster-*`. */
export async function podsOf(api: KubernetesApi, signal: AbortSignal): Promise<readonly PodTokens[]> {
  return whole(api, "pods", await readPods(api, podTokensOf, { signal, maxObjects }));
}

/** The tokens in Secrets, which never expire: of each its key ID, and nothing of the token. Throws `cluster-*`. */
export async function legacyTokensOf(
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<readonly LegacyToken[]> {
  const found = whole(api, "tokens in Secrets", await readLegacyTokens(api, { signal, maxObjects }));
  return found.flatMap(({ namespace, secret: name, serviceAccount, kid, lastUsed = "" }) => {
    const used = Date.parse(lastUsed);
    return kid === undefined
      ? []
      : [{ namespace, name, serviceAccount, kid, lastUsed: Number.isNaN(used) ? undefined : used }];
  });
}
