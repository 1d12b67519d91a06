import type { CaaRecord } from "node:dns";
import type { Resolver } from "node:dns/promises";
import type { CaaFacts, CaaProperty } from "../facts.ts";
import { dnsCode, type DnsOptions, namesUpFrom, withResolver } from "./resolver.ts";

const limits = { timeout: 2000, tries: 2 };
const maxRecords = 32;

/** Node gives a record as an object that has the tag as a member. */
function propertyOf(record: CaaRecord): CaaProperty {
  const { critical, ...tagged } = record as unknown as { critical: number } & Record<string, unknown>;
  const [[tag, value] = ["", ""]] = Object.entries(tagged).filter(([name]) => name !== "type");
  return { critical: critical !== 0, tag: tag.toLowerCase(), value: String(value).slice(0, 1024) };
}

async function recordsAt(client: Resolver, name: string): Promise<CaaFacts> {
  try {
    return { name, records: (await client.resolveCaa(name)).slice(0, maxRecords).map(propertyOf) };
  } catch (error) {
    return { name, records: [], error: dnsCode(error) };
  }
}

const isNothing = ({ error }: CaaFacts): boolean => error === "ENODATA" || error === "ENOTFOUND";

/** A failure may be one of that moment: it is asked once more. */
async function surely(client: Resolver, name: string): Promise<CaaFacts> {
  const first = await recordsAt(client, name);
  return first.error === undefined || isNothing(first) ? first : recordsAt(client, name);
}

/** Climbs from the name to the top as a CA does, and ends at the first name with records (RFC 8659 §3). */
export function caaFacts(host: string, options: DnsOptions): Promise<readonly CaaFacts[]> {
  return withResolver(options.resolver, { ...limits, signal: options.signal }, async (client) => {
    const seen: CaaFacts[] = [];
    for (const name of namesUpFrom(host)) {
      const one = await surely(client, name);
      seen.push(one);
      if (one.records.length > 0 || (one.error !== undefined && !isNothing(one))) break;
    }
    return seen;
  });
}
