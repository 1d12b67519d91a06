import { defined, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import { type KubernetesObject, readCluster } from "../../providers/kubernetes/index.ts";
import { distributionOf, standardIssuer } from "../../rules/distribution/index.ts";
import { type Jws, parseJws } from "../../rules/oidc/index.ts";
import { parseJwkSet } from "../../rules/keys/index.ts";
import type { ApiServerLook, ClusterLook, TokenLook } from "../judge/index.ts";
import { listed, look, type Looking, namesIn, numberOf, textsIn, timeOf } from "./looking.ts";

/** The flags that say which tokens an API server makes and takes. */
const flagNames: ReadonlySet<string> = new Set([
  "service-account-issuer",
  "service-account-jwks-uri",
  "service-account-key-file",
  "service-account-signing-key-file",
  "service-account-signing-endpoint",
  "api-audiences",
]);
const maxNodes = 20;
// Whoever may write pods of kube-system or annotations of nodes may say anything there.
const saidBy = " (said by the cluster)";

/** What a judge needs of a token; without its signature it is of no other use. */
function tokenLook({ claims, header, kid }: Jws, accepted?: boolean): TokenLook {
  const { aud } = claims;
  const kubernetes = recordOf(claims["kubernetes.io"]);
  const secret =
    textOf(claims["kubernetes.io/serviceaccount/secret.name"]) ??
    textOf(recordOf(kubernetes["secret"])["name"]);
  const namespace =
    textOf(claims["kubernetes.io/serviceaccount/namespace"]) ?? textOf(kubernetes["namespace"]);
  return {
    iss: textOf(claims["iss"]) ?? "",
    audiences: (Array.isArray(aud) ? aud : [aud]).filter((one) => typeof one === "string"),
    ...defined({
      kid,
      alg: textOf(header["alg"]),
      exp: numberOf(claims["exp"]),
      secret: secret === undefined ? undefined : `${namespace ?? ""}/${secret}`,
      accepted,
    }),
  };
}

/** A given token, and whether the API server accepts it. */
export async function reviewed({ api, signal }: Looking, text: string): Promise<TokenLook> {
  const jws = parseJws(text);
  const accepted = await look(signal, () => api.reviewToken(text, { signal }));
  return tokenLook(jws, "seen" in accepted ? accepted.seen.authenticated : undefined);
}

async function freshToken(looking: Looking, serviceAccount: string): Promise<TokenLook> {
  const { api, signal } = looking;
  const { namespace, name } = namesIn(serviceAccount);
  const spec = { audiences: "cluster", expirationSeconds: 600 } as const;
  const { token } = await api.requestToken(namespace, name, spec, { signal });
  return reviewed(looking, token);
}

/** `--name=value` and `--name value` as pairs. */
function flagsIn(words: readonly string[]): ApiServerLook["flags"] {
  return words.flatMap((word, index): ApiServerLook["flags"] => {
    const [, name = "", value] = /^-{1,2}([\w-]+)(?:=(.*))?$/su.exec(word) ?? [];
    return flagNames.has(name) ? [[name, value ?? words[index + 1] ?? ""]] : [];
  });
}

/** An API server that is a static pod, as kubeadm and RKE2 have it. */
function mirrored(pod: KubernetesObject): ApiServerLook {
  const [container] = recordsOf(recordOf(pod["spec"])["containers"]);
  const words = ["command", "args"].flatMap((key) => {
    const list = container?.[key];
    return Array.isArray(list) ? list.map(String) : [];
  });
  const [status] = recordsOf(recordOf(pod["status"])["containerStatuses"]);
  return {
    name: `${pod.metadata.name}${saidBy}`,
    flags: flagsIn(words),
    mounts: recordsOf(container?.["volumeMounts"]).flatMap((one) => textOf(one["mountPath"]) ?? []),
    ...defined({ startedAt: timeOf(recordOf(recordOf(status?.["state"])["running"])["startedAt"]) }),
  };
}

/** An API server inside k3s' own process, by what k3s writes on its node. */
function ofK3s(node: KubernetesObject): readonly ApiServerLook[] {
  const text = textsIn(node.metadata.annotations)["k3s.io/node-args"];
  if (text === undefined) return [];
  const words: unknown = JSON.parse(text);
  const list = Array.isArray(words) ? words.map(String) : [];
  const inner = list.flatMap((word, index) => {
    const [, inline] = /^--kube-apiserver-arg(?:=(.*))?$/su.exec(word) ?? [];
    const value = word.startsWith("--kube-apiserver-arg") ? (inline ?? list[index + 1]) : undefined;
    return value === undefined ? [] : [`--${value}`];
  });
  return list[0] === "server"
    ? [{ name: `k3s on ${node.metadata.name}${saidBy}`, flags: flagsIn(inner) }]
    : [];
}

async function apiServers(looking: Looking): Promise<readonly ApiServerLook[]> {
  const pods = await listed(looking, {
    kind: "Pod",
    namespace: "kube-system",
    labels: "component=kube-apiserver",
  });
  if (pods.length > 0) return pods.map(mirrored);
  return (await listed(looking, { kind: "Node", limit: maxNodes })).flatMap(ofK3s);
}

/** What the cluster signs and verifies by, and how its API servers are started. */
export async function clusterLook(
  looking: Looking,
  serviceAccount: string | undefined,
): Promise<ClusterLook> {
  const { api, signal } = looking;
  const [fresh, kids, servers, reading] = await Promise.all([
    serviceAccount === undefined
      ? { unseen: "no ServiceAccount is known that a token could be minted for" }
      : look(signal, () => freshToken(looking, serviceAccount)),
    look(signal, async () => {
      const { jwks } = await api.oidcDocuments({ signal });
      return parseJwkSet(jwks).keys.map(({ kid }) => kid);
    }),
    look(signal, () => apiServers(looking)),
    look(signal, () => readCluster(api, { signal })),
  ]);
  const standard = "seen" in reading ? standardIssuer(distributionOf(reading.seen.facts)) : undefined;
  return { fresh, kids, apiServers: servers, ...defined({ standardIssuer: standard }) };
}
