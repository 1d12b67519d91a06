import { type Clock, PodtrustError } from "../../core/base/index.ts";
import { type ClusterSource, type Config, publisherOf } from "../../config/index.ts";
import { isPathThere, machineFiles, readBoundedText, replaceText } from "../../core/files/index.ts";
import { clusterAuthority, type KubernetesApi, openKubernetes } from "../../providers/kubernetes/index.ts";

export interface TokenFileSpec {
  /** The publisher's config, whose source names the files of token and CA. */
  readonly config: Config;
  /** An administrator's kubeconfig; nothing else reads it. */
  readonly admin: Extract<ClusterSource, { readonly kubeconfig: string }>;
  /** NAMESPACE and name of the publisher's ServiceAccount, created if absent. */
  readonly account: { readonly namespace: string; readonly name: string };
  /** Labels of a ServiceAccount that is created here. */
  readonly labels: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Why a new token was made; `kept` if the old one is good. */
export type TokenFileOutcome = "kept" | "absent" | "due" | "refused";

const hour = 3_600_000;
// A week: the publisher keeps reading while the renewer is away for a day, and the administrator has time after that.
const lifeSeconds = 7 * 24 * 3600;

// Root writes, and the publisher's group reads.
const tokenMode = 0o640;

interface TokenSource {
  readonly server: string;
  readonly tokenFile: string;
  readonly caFile: string;
}

function keptOf(config: Config): TokenSource {
  const { source } = publisherOf(config);
  if ("tokenFile" in source) return source;
  throw new PodtrustError(
    "usage",
    `${config.file}: publisher.source names no tokenFile that could be renewed`,
    {
      next: "Give source: {server, tokenFile, caFile}.",
    },
  );
}

/** Whether the cluster accepts the token, and what decides whether it is due. */
async function verdictOn(spec: TokenFileSpec, kept: TokenSource): Promise<TokenFileOutcome> {
  const { env, clock, signal } = spec;
  if (!(await isPathThere(kept.tokenFile))) return "absent";
  try {
    const api = await openKubernetes(kept, { env, clock });
    await api.oidcDocuments({ signal });
    const { issuedAt } = api.sentCredential() ?? {};
    // Each hour, so that a token also shows which key signs now.
    return issuedAt === undefined || clock.now() >= issuedAt + hour ? "due" : "kept";
  } catch (error) {
    if (!(error instanceof PodtrustError)) throw error;
    // Its key was removed, its ServiceAccount was recreated, it expired, or the file holds no token.
    if (error.code === "cluster-unauthenticated" || error.code === "cluster-credentials") return "refused";
    throw error;
  }
}

async function replaceChanged(path: string, text: string, mode: number): Promise<void> {
  const before = await readBoundedText(path, Buffer.byteLength(text)).catch(() => undefined);
  if (before !== text) await replaceText(path, text, machineFiles, mode);
}

async function makeToken(spec: TokenFileSpec, admin: KubernetesApi): Promise<string> {
  const { account, labels, signal } = spec;
  const { namespace, name } = account;
  await admin.createNamespace(namespace, { signal });
  await admin.createServiceAccount(namespace, name, { labels, signal });
  const asked = { audiences: "cluster", expirationSeconds: lifeSeconds } as const;
  return (await admin.requestToken(namespace, name, asked, { signal })).token;
}

/**
 * Keeps the token fresh with which a publisher on this machine reads the cluster, as the cluster's administrator: so a
 * token that expired, or whose signing key was replaced or distrusted, is replaced like any other. The new one is in
 * place before the old one is needed. Throws what the cluster's API does (`cluster-*`, `kubeconfig-*`), and `usage` for
 * a config whose publisher uses no token file.
 */
export async function renewTokenFile(spec: TokenFileSpec): Promise<TokenFileOutcome> {
  const { config, admin, env, clock } = spec;
  const kept = keptOf(config);
  const ca = await clusterAuthority(admin, { env, clock });
  if (ca !== undefined) await replaceChanged(kept.caFile, ca, tokenMode);
  const verdict = await verdictOn(spec, kept);
  if (verdict === "kept") return verdict;
  const token = await makeToken(spec, await openKubernetes(admin, { env, clock }));
  await replaceText(kept.tokenFile, `${token}\n`, machineFiles, tokenMode);
  return verdict;
}
