import { defined, recordOf, textOf } from "../../core/base/index.ts";
import { readCluster } from "../../providers/kubernetes/index.ts";
import { distributionOf, standardIssuer } from "../../rules/distribution/index.ts";
import { type Jws, parseJws } from "../../rules/oidc/index.ts";
import { parseJwkSet } from "../../rules/keys/index.ts";
import type { ServerSight } from "../../stack/index.ts";
import type { ApiServerLook, ClusterLook, Look, TokenLook } from "../judge/index.ts";
import { look, type Looking, namesIn, numberOf } from "./looking.ts";

/** The flags that say which tokens an API server makes and takes. */
const flagNames: ReadonlySet<string> = new Set([
  "service-account-issuer",
  "service-account-jwks-uri",
  "service-account-key-file",
  "service-account-signing-key-file",
  "service-account-signing-endpoint",
  "api-audiences",
]);

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

/** The API servers whose machines SSH reached, by the one function that `status` asks too. */
export function apiServerLooks(servers: readonly ServerSight[]): Look<readonly ApiServerLook[]> {
  const read = servers.flatMap(({ name, command }) =>
    command === undefined
      ? []
      : [{ name, flags: flagsIn(command.words), ...defined({ mounts: command.mounts }) }],
  );
  if (read.length > 0) return { seen: read };
  const [first] = servers;
  return {
    unseen: `not looked at: ${first?.why ?? "the config names no machine of one. With cluster.servers podtrust doctor reads each over SSH, also where it runs on that machine"}`,
  };
}

/** What the cluster signs and verifies by, and how its API servers are started. */
export async function clusterLook(
  looking: Looking,
  serviceAccount: string | undefined,
  servers: readonly ServerSight[],
): Promise<ClusterLook> {
  const { api, signal } = looking;
  const [fresh, kids, reading] = await Promise.all([
    serviceAccount === undefined
      ? { unseen: "no ServiceAccount is known that a token could be minted for" }
      : look(signal, () => freshToken(looking, serviceAccount)),
    look(signal, async () => {
      const { jwks } = await api.oidcDocuments({ signal });
      return parseJwkSet(jwks).keys.map(({ kid }) => kid);
    }),
    look(signal, () => readCluster(api, { signal })),
  ]);
  const standard = "seen" in reading ? standardIssuer(distributionOf(reading.seen.facts)) : undefined;
  return { fresh, kids, apiServers: apiServerLooks(servers), ...defined({ standardIssuer: standard }) };
}
