import { PodtrustError, recordOf, textOf } from "../../core/base/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import type { Behaviour, WhatRuns } from "../../rules/distribution/index.ts";
import { parseJwkSet, type PublicJwk } from "../../rules/keys/index.ts";
import { parseJws } from "../../rules/oidc/index.ts";
import { proved } from "./k3s-runs.ts";
import type { ServerMachine } from "./machine.ts";
import type { ApiServer, ServerDiscovery, ServerFiles } from "./server.ts";
import type { ServerTunnel } from "./tunnel.ts";

// Every cluster has it.
const witness = { namespace: "kube-system", name: "default" } as const;
const tokenSeconds = 3600;
const staleTokens = "serviceaccount_stale_tokens_total";
const processStart = "process_start_time_seconds";
// The metrics of a large cluster are a few megabytes.
const maxMetrics = 64 * 1024 * 1024;
const silenceMs = 30_000;

/** The API server of a machine, by a port that leads there alone. */
export class TunnelledApiServer implements ApiServer {
  readonly name: string;
  readonly url: string;
  readonly #files: ServerFiles;
  readonly #machine: ServerMachine;
  readonly #tunnel: ServerTunnel;

  constructor(
    name: string,
    { files, machine }: { readonly files: ServerFiles; readonly machine: ServerMachine },
    tunnel: ServerTunnel,
  ) {
    this.name = name;
    this.#files = files;
    this.url = `https://${machine.session.target.address}:${tunnel.remotePort}`;
    this.#machine = machine;
    this.#tunnel = tunnel;
  }

  async whatRuns(signal: AbortSignal): Promise<WhatRuns> {
    return proved(await this.#files.whatRuns(signal), () => this.#behaviour(signal));
  }

  async #behaviour(signal: AbortSignal): Promise<Behaviour> {
    const [said, keys, token] = await Promise.all([
      this.discovery(signal),
      this.keys(signal),
      this.mint(witness, undefined, signal),
    ]);
    const { claims, kid } = parseJws(token);
    return { ...said, kids: keys.map((key) => key.kid), token: { iss: claims["iss"], kid } };
  }

  async discovery(signal: AbortSignal): Promise<ServerDiscovery> {
    const { discovery } = await this.#tunnel.ask(signal, (api) => api.oidcDocuments({ signal }));
    const document = recordOf(JSON.parse(discovery.toString("utf8")));
    return {
      issuer: textOf(document["issuer"]) ?? "",
      jwksUri: textOf(document["jwks_uri"]) ?? "",
    };
  }

  async keys(signal: AbortSignal): Promise<readonly PublicJwk[]> {
    const { jwks } = await this.#tunnel.ask(signal, (api) => api.oidcDocuments({ signal }));
    return parseJwkSet(jwks).keys;
  }

  async accepts(token: string, signal: AbortSignal): Promise<boolean> {
    const { authenticated } = await this.#tunnel.ask(signal, (api) => api.reviewToken(token, { signal }));
    return authenticated;
  }

  async mint(
    { namespace, name }: { readonly namespace: string; readonly name: string },
    audience: string | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const audiences = audience === undefined ? "cluster" : [audience];
    const desired = { audiences, expirationSeconds: tokenSeconds } as const;
    const minted = await this.#tunnel.ask(signal, (api) =>
      api.requestToken(namespace, name, desired, { signal }),
    );
    return minted.token;
  }

  readFile(path: string, signal: AbortSignal): Promise<string | undefined> {
    return this.#machine.read(path, signal);
  }

  async startedAt(signal: AbortSignal): Promise<number> {
    const [start] = await this.#metrics([processStart], signal);
    return millisecondsOf(start);
  }

  async version(signal: AbortSignal): Promise<string> {
    const { body } = await this.#tunnel.ask(signal, (api) => api.get("/version", { signal }));
    return textOf(recordOf(JSON.parse(body.toString("utf8")))["gitVersion"]) ?? "";
  }

  async staleTokens(signal: AbortSignal): Promise<{ readonly count: number; readonly startedAt: number }> {
    const [start, count = 0] = await this.#metrics([processStart, staleTokens], signal);
    return { count, startedAt: millisecondsOf(start) };
  }

  #metrics(names: readonly string[], signal: AbortSignal): Promise<readonly number[]> {
    return this.#tunnel.ask(signal, (api) => metricsOf(api, names, signal));
  }
}

const millisecondsOf = (seconds = 0): number => Math.round(seconds * 1000);

/** Metrics without labels of an API server, in the order of their names. Throws `cluster-answer-invalid` where one is not there. */
async function metricsOf(
  api: KubernetesApi,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly number[]> {
  const options = {
    what: "read its metrics",
    right: "get on the non-resource URL /metrics",
    accept: "text/plain",
    silenceMs,
    signal,
  };
  const values = await api.follow("/metrics", options, async (body) => valuesOf(body, names));
  return names.map((name) => {
    const value = values.get(name);
    if (value !== undefined && Number.isFinite(value)) return value;
    throw new PodtrustError("cluster-answer-invalid", `cluster ${api.server}: its metrics have no ${name}`, {
      detail: { server: api.server, reason: "status" },
    });
  });
}

/** Reads no further than all of them. */
async function valuesOf(
  body: AsyncIterable<Buffer>,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  const take = (line: string): void => {
    const name = names.find((one) => line.startsWith(`${one} `));
    if (name !== undefined && !found.has(name)) found.set(name, Number(line.slice(name.length + 1)));
  };
  let rest = "";
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxMetrics) return found;
    const lines = (rest + chunk.toString("utf8")).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(take);
    if (found.size === names.length) return found;
  }
  take(rest);
  return found;
}
