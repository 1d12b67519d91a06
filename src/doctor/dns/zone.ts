import type { Resolver } from "node:dns/promises";
import { isIPv6 } from "node:net";
import { addressesIn, type NameAnswer, type ServerFacts, type ZoneFacts } from "../facts.ts";
import { bothFamilies } from "./names.ts";
import { type DnsOptions, namesUpFrom, withResolver } from "./resolver.ts";

const patience = { timeout: 1500, tries: 2 };
const maxServers = 6;

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
function merged(answers: readonly NameAnswer[]): NameAnswer {
  const addresses = addressesIn(answers);
  if (addresses.length > 0) return { addresses };
  const errors = answers.flatMap((one) => ("error" in one ? [one.error] : []));
  return { error: errors.find((error) => error !== "ENODATA") ?? "ENODATA" };
}

/** Asks one server of a zone for the name, past every cache. */
async function askedAt(
  client: Resolver,
  { host, server }: { readonly host: string; readonly server: string },
  { signal, serverAt = (address) => (isIPv6(address) ? `[${address}]` : address) }: DnsOptions,
): Promise<ServerFacts> {
  const [address] = addressesIn(await bothFamilies(client, server));
  if (address === undefined) return { server, answer: { error: "NOADDRESS" } };
  const answers = await withResolver(serverAt(address), { ...patience, signal }, (own) =>
    bothFamilies(own, host),
  );
  return { server, answer: merged(answers) };
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
