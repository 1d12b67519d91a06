import { defined, isRecord, type JsonRecord, recordOf, textOf } from "../../core/base/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { type ListReader, objectPages, type PageLimit, type Pages } from "./pages.ts";

/** A Secret with a ServiceAccount's token, which never expires. The token itself is not kept. */
export interface LegacyTokenSecret {
  readonly namespace: string;
  readonly secret: string;
  readonly serviceAccount: string;
  /** Of the token's header. */
  readonly kid?: string;
  /** `kubernetes.io/legacy-token-last-used`: a date, as the API server writes it; absent: not since it began to. */
  readonly lastUsed?: string;
  /** `kubernetes.io/legacy-token-invalid-since`: a date. */
  readonly invalidSince?: string;
}

/** The key ID in the header of a token that was not verified. */
function kidOf(encoded: unknown): string | undefined {
  try {
    const [header = ""] = Buffer.from(textOf(encoded) ?? "", "base64")
      .toString("utf8")
      .split(".");
    const said: unknown = JSON.parse(Buffer.from(header, "base64url").toString("utf8"));
    return isRecord(said) ? textOf(said["kid"]) : undefined;
  } catch {
    return undefined;
  }
}

/** What is kept of such a Secret. */
function legacyToken(object: JsonRecord): LegacyTokenSecret {
  const metadata = recordOf(object["metadata"]);
  const [labels, annotations] = [recordOf(metadata["labels"]), recordOf(metadata["annotations"])];
  return {
    namespace: textOf(metadata["namespace"]) ?? "",
    secret: textOf(metadata["name"]) ?? "",
    serviceAccount: textOf(annotations["kubernetes.io/service-account.name"]) ?? "",
    ...defined({
      kid: kidOf(recordOf(object["data"])["token"]),
      lastUsed: textOf(labels["kubernetes.io/legacy-token-last-used"]),
      invalidSince: textOf(labels["kubernetes.io/legacy-token-invalid-since"]),
    }),
  };
}

/**
 * Every Secret with a ServiceAccount's token. Throws `cluster-*`.
 * Source: https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets
 */
export function readLegacyTokens(api: ListReader, limit: PageLimit): Promise<Pages<LegacyTokenSecret>> {
  const fields = encodeURIComponent("type=kubernetes.io/service-account-token");
  return objectPages(
    api,
    {
      path: `/api/v1/secrets?fieldSelector=${fields}`,
      what: "see which tokens stand in Secrets",
      right: "list secrets",
      keep: legacyToken,
    },
    limit,
  );
}

const tracking = {
  kind: "ConfigMap",
  namespace: "kube-system",
  name: "kube-apiserver-legacy-service-account-token-tracking",
} as const;

/** Since when the API servers record that such a token was used: a date; undefined if they do not. */
export async function trackedSince(api: KubernetesApi, signal: AbortSignal): Promise<string | undefined> {
  const map = await api.read(tracking, { signal });
  return textOf(recordOf(map?.["data"])["since"]);
}
