import { lookup } from "node:dns/promises";
import { errorText } from "../../core/base/index.ts";
import { connectTarget } from "../../core/http/index.ts";
import { type IssuerRoute, seeIssuer } from "../../issuer/index.ts";
import type { Sight } from "../../rules/rotation/index.ts";

/** What is published, by family, and why a family shows nothing. */
export interface Sights {
  readonly seen: readonly Sight[];
  readonly failures: readonly string[];
}

type FamilyAddress = { readonly address: string; readonly family: number };

async function addressesOf(host: string): Promise<readonly FamilyAddress[]> {
  return lookup(host, { all: true });
}

/**
 * Reads an issuer over each family of addresses that its name has. A family over which it cannot be read counts as one that
 * publishes nothing, so that no key is promoted past it. Where the name itself cannot be found, nothing is seen.
 */
export async function sightsOf(issuer: string, route: IssuerRoute, signal: AbortSignal): Promise<Sights> {
  const { hostname, port } = new URL(issuer);
  const host = hostname.replace(/^\[|\]$/gu, "");
  const asked = Number(port === "" ? "443" : port);
  const target = connectTarget(route.connectTo ?? [], host, asked);
  let addresses: readonly FamilyAddress[];
  try {
    addresses = await addressesOf(target.host);
  } catch (error) {
    return { seen: [], failures: [`${host}: ${errorText(error)}`] };
  }
  const seen: Sight[] = [];
  const failures: string[] = [];
  for (const family of ["IPv4", "IPv6"] as const) {
    const one = addresses.find((found) => found.family === (family === "IPv4" ? 4 : 6));
    if (one === undefined) continue;
    // Only the issuer's own name is pinned to the family; a JWK Set elsewhere is read as its name says.
    const rule = { host, port: asked, address: one.address, toPort: target.port };
    const way = { ...route, connectTo: [rule, ...(route.connectTo ?? [])] };
    try {
      const { kids } = await seeIssuer(issuer, way, signal);
      seen.push({ family, kids });
    } catch (error) {
      signal.throwIfAborted();
      seen.push({ family, kids: [] });
      failures.push(`${family} (${one.address}): ${errorText(error)}`);
    }
  }
  return { seen, failures };
}
