import { lookup } from "node:dns/promises";
import { defined, hostNameOf } from "../../../core/base/index.ts";
import { type DocumentReading, readIssuer } from "../../../issuer/index.ts";
import { connectTarget } from "../../../core/http/index.ts";
import { parseIssuer } from "../../../rules/oidc/index.ts";
import type { IssuerFacts, IssuerNameFacts } from "../facts.ts";
import type { GatherOptions, LinkFilter } from "./options.ts";
import { notTried, tryLook } from "./try-look.ts";

async function systemResolver(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

async function nameFacts(host: string, options: GatherOptions): Promise<IssuerNameFacts> {
  const { route = {}, signal, resolve = systemResolver } = options;
  const instead = connectTarget(route.connectTo ?? [], host, 443);
  if (instead.host !== host || instead.port !== 443) return { host, instead, addresses: notTried("dns") };
  return { host, addresses: await tryLook(signal, () => resolve(host)) };
}

function hostsOf(readings: readonly (DocumentReading | undefined)[]): readonly string[] {
  const hosts = readings.map((reading) => hostNameOf(reading?.url ?? "")).filter((host) => host !== "");
  return [...new Set(hosts)];
}

/** What the issuer serves, and what its names resolve to; undefined if no link needs it. */
export async function gatherIssuer(
  options: GatherOptions,
  wanted: LinkFilter,
): Promise<IssuerFacts | undefined> {
  if (!wanted("discovery", "jwks", "dns", "tls", "reachability", "token", "sts")) return undefined;
  if (options.issuerFacts !== undefined) return options.issuerFacts();
  const { config, route = {}, signal } = options;
  const orElse = parseIssuer(config.issuer).defaultJwksUri;
  const reading = await readIssuer(config.issuer, { route, signal, orElse });
  const ca = defined({ ca: route.ca });
  if (!wanted("dns")) return { reading, names: [], ...ca };
  const hosts = hostsOf([reading.discovery, reading.jwks]);
  return { reading, ...ca, names: await Promise.all(hosts.map((host) => nameFacts(host, options))) };
}
