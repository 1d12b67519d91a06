import type { Resolver } from "node:dns/promises";
import { addressesIn, type NameAnswer, type ServerFacts, type ZoneFacts } from "../facts.ts";
import { dnsCode, type DnsOptions, namesUpFrom, withResolver } from "./resolver.ts";

const patience = { timeout: 1500, tries: 2 };
const maxServers = 6;
const maxAddresses = 16;

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
  { signal, serverAt = (address) => address }: DnsOptions,
): Promise<ServerFacts> {
  const [address] = addressesIn([await addressesAt(client, server)]);
  if (address === undefined) return { server, answer: { error: "NOADDRESS" } };
  const answer = await withResolver(serverAt(address), { ...patience, signal }, (own) =>
    addressesAt(own, host),
  );
  return { server, answer };
}

/** What each name server of the host's zone says of the host; undefined where no zone is to be found. */
export function zoneFacts(host: string, options: DnsOptions): Promise<ZoneFacts | undefined> {
  return withResolver(options.resolver, { ...patience, signal: options.signal }, async (client) => {
    const found = await zoneOf(client, host);
    if (found === undefined) return undefined;
    const asking = found.servers.map((server) => askedAt(client, { host, server }, options));
    return { zone: found.zone, servers: await Promise.all(asking) };
  });
}
