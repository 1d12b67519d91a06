import type { Resolver } from "node:dns/promises";
import { defined } from "../../core/base/index.ts";
import {
  addressesIn,
  type NameAnswer,
  type RememberedFacts,
  type NameServerAnswer,
  type ZoneFacts,
} from "../facts.ts";
import { dnsCode, type DnsOptions, namesUpFrom, withResolver } from "./resolver.ts";

const limits = { timeout: 1500, tries: 2 };
const dnsPort = 53;
const maxServers = 6;
const maxAddresses = 16;
/** Resolvers remember nothing longer: a week (RFC 8767 §4). */
const maxSeconds = 604_800;

async function serversOf(client: Resolver, zone: string): Promise<readonly string[]> {
  try {
    return (await client.resolveNs(zone)).slice(0, maxServers);
  } catch {
    return [];
  }
}

/** The zone that a name is in, by the NS records nearest above it. */
async function zoneOf(
  client: Resolver,
  host: string,
): Promise<{ readonly zone: string; readonly servers: readonly string[] } | undefined> {
  for (const zone of namesUpFrom(host)) {
    const servers = await serversOf(client, zone);
    if (servers.length > 0) return { zone, servers };
  }
  return undefined;
}

/** One answer of both families: addresses where there are any, and else why there are none. */
async function addressesAt(client: Resolver, host: string): Promise<NameAnswer> {
  const both = await Promise.allSettled([client.resolve4(host), client.resolve6(host)]);
  const addresses = both.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  if (addresses.length > 0) return { addresses: addresses.slice(0, maxAddresses) };
  const codes = both.map((one) => dnsCode((one as PromiseRejectedResult).reason));
  return { error: codes.find((code) => code !== "ENODATA") ?? "ENODATA" };
}

/** Asks one server of a zone for the name, past every cache. */
async function askedAt(
  client: Resolver,
  { host, server }: { readonly host: string; readonly server: string },
  { signal, serverAt = (address) => address, mayConnect = () => true }: DnsOptions,
): Promise<NameServerAnswer> {
  const all = addressesIn([await addressesAt(client, server)]);
  const address = all.find((one) => mayConnect(one, dnsPort));
  if (address === undefined) return { server, answer: { error: "NOADDRESS" } };
  const answer = await withResolver(serverAt(address), { ...limits, signal }, (own) =>
    addressesAt(own, host),
  );
  return { server, answer };
}

/** What the resolver itself says of the host, and how long it will. */
async function rememberedOf(client: Resolver, host: string): Promise<RememberedFacts | undefined> {
  const ttl = { ttl: true } as const;
  const both = await Promise.allSettled([client.resolve4(host, ttl), client.resolve6(host, ttl)]);
  const records = both.flatMap((one) => (one.status === "fulfilled" ? one.value : [])).slice(0, maxAddresses);
  if (records.length === 0) return undefined;
  const seconds = Math.max(...records.map((one) => one.ttl));
  return { addresses: records.map(({ address }) => address), seconds: Math.min(seconds, maxSeconds) };
}

async function missingSecondsOf(client: Resolver, zone: string): Promise<number | undefined> {
  try {
    return Math.min((await client.resolveSoa(zone)).minttl, maxSeconds);
  } catch {
    return undefined;
  }
}

/** What each name server of the host's zone says of the host; undefined where no zone is to be found. */
export function zoneFacts(host: string, options: DnsOptions): Promise<ZoneFacts | undefined> {
  return withResolver(options.resolver, { ...limits, signal: options.signal }, async (client) => {
    const found = await zoneOf(client, host);
    if (found === undefined) return undefined;
    const asking = found.servers.map((server) => askedAt(client, { host, server }, options));
    const [servers, remembered, missingSeconds] = await Promise.all([
      Promise.all(asking),
      rememberedOf(client, host),
      missingSecondsOf(client, found.zone),
    ]);
    return { zone: found.zone, servers, ...defined({ remembered, missingSeconds }) };
  });
}
