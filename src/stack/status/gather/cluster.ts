import { defined, type ErrorCode } from "../../../core/base/index.ts";
import { exposureOf, type KubernetesApi } from "../../../providers/kubernetes/index.ts";
import { parseDiscovery } from "../../../rules/oidc/index.ts";
import { parseJwkSet } from "../../../rules/keys/index.ts";
import { hasCluster, openCluster } from "../../parts/index.ts";
import type { ClusterFacts, LookResult } from "../facts.ts";
import type { GatherOptions, LinkFilter } from "./options.ts";
import { notTried, tryLook } from "./try-look.ts";

/** The cluster's facts, and its API if it answers. */
export interface GatheredCluster {
  readonly facts?: ClusterFacts;
  readonly api?: KubernetesApi;
}

async function versionOf(api: KubernetesApi, signal: AbortSignal): Promise<string> {
  try {
    const { status, body } = await api.get("/version", { signal });
    const { gitVersion } = JSON.parse(body.toString("utf8")) as { gitVersion?: unknown };
    if (status === 200 && typeof gitVersion === "string") return `Kubernetes ${gitVersion}`;
  } catch {
    signal.throwIfAborted();
  }
  return "Kubernetes";
}

// After these, every other call would only take as long to fail the same way.
const hopeless: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "cluster-unreachable",
  "cluster-unauthenticated",
  "cluster-credentials",
  "exec-plugin-unconfirmed",
]);

async function documentsOf(api: KubernetesApi, signal: AbortSignal): Promise<ClusterFacts["documents"]> {
  return tryLook(signal, async () => {
    const { discovery, jwks } = await api.oidcDocuments({ signal });
    return { discovery: parseDiscovery(discovery), jwks: parseJwkSet(jwks) };
  });
}

/** What the cluster says of itself; nothing if the config names none or no link needs it. */
export async function gatherCluster(options: GatherOptions, wanted: LinkFilter): Promise<GatheredCluster> {
  const { config, signal } = options;
  if (!hasCluster(config) || !wanted("cluster", "jwks", "serviceaccount", "injection", "token", "sts"))
    return {};
  const opened = await tryLook(signal, () => openCluster(options));
  const nothing = { version: "Kubernetes", documents: notTried("cluster") };
  if (opened.kind !== "seen") return { facts: { server: config.file, username: opened, ...nothing } };
  const api = opened.value;
  const { server } = api;
  const username: LookResult<string> = await tryLook(
    signal,
    async () => (await api.selfSubject({ signal })).username,
  );
  if (username.kind === "failed" && hopeless.has(username.error.code))
    return { facts: { server, username, ...nothing } };
  const [version, documents] = await Promise.all([
    versionOf(api, signal),
    wanted("cluster", "jwks") ? documentsOf(api, signal) : notTried("cluster"),
  ]);
  const credential = api.sentCredential();
  const exposure = credential === undefined ? undefined : exposureOf(credential);
  const facts = { server, username, version, documents, ...defined({ exposure }) };
  return { facts, api };
}
