import { Resolver } from "node:dns/promises";
import type { AskServers } from "./served.ts";

const options = { timeout: 3000, tries: 2 };
const maxServers = 8;

/** No record of the name, or none of the type: an answer, not a failure. */
function isNothing(error: unknown): boolean {
  const code = (error as { readonly code?: unknown }).code;
  return code === "ENODATA" || code === "ENOTFOUND";
}

async function addressesOf(resolver: Resolver, server: string): Promise<readonly string[]> {
  const families = [resolver.resolve4(server), resolver.resolve6(server)];
  return (await Promise.all(families.map((one) => one.catch(() => [])))).flat();
}

/** How name servers are reached; by default on DNS's own port, and by the machine's resolver for their names. */
export interface AskOptions {
  readonly port?: number;
  /** Addresses of the resolver, as `127.0.0.1:5353`. */
  readonly resolvers?: readonly string[];
}

async function valuesAt(address: string, name: string): Promise<readonly string[]> {
  const resolver = new Resolver(options);
  resolver.setServers([address]);
  try {
    return (await resolver.resolveTxt(name)).map((strings) => strings.join(""));
  } catch (error) {
    if (isNothing(error)) return [];
    throw error;
  }
}

/** Asks a zone's own name servers, each of them, past every cache. Rejects where none of them can be asked. */
export const askServers =
  ({ port, resolvers }: AskOptions = {}): AskServers =>
  async (zone, name) => {
    const system = new Resolver(options);
    if (resolvers !== undefined) system.setServers(resolvers);
    const placeOf = (address: string): string => {
      if (port === undefined) return address;
      return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
    };
    const servers = (await system.resolveNs(zone)).slice(0, maxServers);
    const asked = servers.map(async (server) => {
      // One address of a server is enough; of one family none may be reachable from here.
      const addresses = (await addressesOf(system, server)).slice(0, 4);
      const values = await Promise.any(addresses.map((address) => valuesAt(placeOf(address), name)));
      return { server, values };
    });
    const answered = (await Promise.allSettled(asked)).flatMap((one) =>
      one.status === "fulfilled" ? [one.value] : [],
    );
    if (answered.length === 0) throw new Error(`none of the name servers ${servers.join(", ")} answers here`);
    return answered;
  };
