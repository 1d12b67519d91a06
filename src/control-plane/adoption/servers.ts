import { defined, parseDuration, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import type { AuthenticationFacts, ServerFacts } from "../../rules/adoption/index.ts";
import { type ApiServerFlags, mirroredFlags, type Server } from "../servers/index.ts";

/** The API servers of a cluster as they run, and what could not be seen of them. */
export interface ServersSeen {
  readonly servers: readonly ServerFacts[];
  /** Names of those that the cluster knows. */
  readonly known: readonly string[];
  readonly unseen: readonly string[];
  /** Any of them extends the kubelet's own tokens to a year, which is the default. */
  readonly isExtended: boolean;
  /** The longest `--service-account-max-token-expiration`, in seconds; absent where any server has none. */
  readonly maxTokenSeconds?: number;
}

function authenticationOf({ authenticationConfig: file }: ApiServerFlags): AuthenticationFacts {
  return file === undefined ? { kind: "none" } : { kind: "unread", file };
}

function factsOf(name: string, flags: ApiServerFlags): ServerFacts {
  const { issuers, audiences, jwksUri } = flags;
  return { name, issuers, authentication: authenticationOf(flags), ...defined({ audiences, jwksUri }) };
}

/** What the flags say of how long tokens live. */
function livesOf(all: readonly ApiServerFlags[]): Pick<ServersSeen, "isExtended" | "maxTokenSeconds"> {
  const lives = all.map(({ maxTokenExpiration = "" }) => parseDuration(maxTokenExpiration) ?? 0);
  const known = lives.filter((one) => one > 0);
  const isBounded = all.length > 0 && known.length === all.length;
  return {
    isExtended: all.some(({ extendTokenExpiration = true }) => extendTokenExpiration),
    ...(isBounded ? { maxTokenSeconds: Math.max(...known) / 1000 } : {}),
  };
}

const host = "kubernetes.io/hostname";
const identity = "apiserver.kubernetes.io/identity=kube-apiserver";

/** Names of the nodes whose API servers hold a lease. */
async function leaseHolders(api: KubernetesApi, signal: AbortSignal): Promise<readonly string[]> {
  const leases = await api.list({ kind: "Lease", namespace: "kube-system", labels: identity }, { signal });
  return leases.flatMap(({ metadata }) => metadata.labels?.[host] ?? []);
}

/** When the kubelet started the process of a static pod, by its node. */
async function startsOf(api: KubernetesApi, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const query = { kind: "Pod", namespace: "kube-system", labels: "component=kube-apiserver" } as const;
  const pods = await api.list(query, { signal });
  return new Map(
    pods.flatMap((pod) => {
      const node = textOf(recordOf(pod["spec"])["nodeName"]) ?? "";
      const status = recordsOf(recordOf(pod["status"])["containerStatuses"])[0] ?? {};
      const at = Date.parse(textOf(recordOf(recordOf(status["state"])["running"])["startedAt"]) ?? "");
      return Number.isNaN(at) ? [] : [[node, at] as const];
    }),
  );
}

async function readOne(
  { api }: Server,
  signal: AbortSignal,
): Promise<{ flags: ApiServerFlags; facts: ServerFacts }> {
  const flags = await api.running(signal);
  const [{ issuer }, keys] = await Promise.all([api.discovery(signal), api.keys(signal)]);
  return {
    flags,
    facts: { ...factsOf(api.name, flags), discovered: issuer, kids: keys.map(({ kid }) => kid) },
  };
}

/** What of the static pods' flags only each server itself could say. */
const notAsked =
  "each server's discovery document and keys at its own address: list the control plane nodes under cluster.servers";

/**
 * Reads the API servers: each at its own address and by its process, where the config lists them, else by the static pods that
 * the kubelets mirror. Throws `cluster-*`, `ssh-*` and `server-*`.
 */
export async function readServers(
  api: KubernetesApi,
  listed: readonly Server[],
  signal: AbortSignal,
): Promise<ServersSeen> {
  const starts = await startsOf(api, signal);
  const startedAt = (name: string): { readonly startedAt?: number } =>
    defined({ startedAt: starts.get(name) });
  if (listed.length > 0) {
    const read = await Promise.all(listed.map((server) => readOne(server, signal)));
    return {
      servers: read.map(({ facts }) => ({ ...facts, ...startedAt(facts.name) })),
      known: listed.map(({ facts }) => facts.hostname),
      unseen: [],
      ...livesOf(read.map(({ flags }) => flags)),
    };
  }
  const mirrored = await mirroredFlags(api, signal);
  return {
    servers: mirrored.map(({ node, flags }) => ({ ...factsOf(node, flags), ...startedAt(node) })),
    known: await leaseHolders(api, signal),
    unseen: [notAsked],
    ...livesOf(mirrored.map(({ flags }) => flags)),
  };
}
