import { isRecord, mapLimit } from "../../core/base/index.ts";
import {
  type DocumentReading,
  type IssuerReading,
  readDocument,
  type ReadOptions,
} from "../../issuer/index.ts";
import type { NearFacts } from "../facts.ts";

const isMissing = (reading: DocumentReading | undefined): boolean =>
  reading?.outcome === "answered" && (reading.response.status === 404 || reading.response.status === 410);

/** Where others put a discovery document: at the host, under the path in RFC 8414's way, with a slash, or OAuth's. */
function discoveryPlaces(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/u, "");
  const name = "/.well-known/openid-configuration";
  return [
    `${origin}${name}`,
    `${origin}${name}${path}`,
    `${origin}${path}${name}/`,
    `${origin}${path}/.well-known/oauth-authorization-server`,
  ];
}

function keyPlaces(issuer: string): readonly string[] {
  const base = issuer.replace(/\/$/u, "");
  return ["/openid/v1/jwks", "/keys.json", "/jwks.json", "/.well-known/jwks.json", "/keys", "/jwks"].map(
    (path) => `${base}${path}`,
  );
}

/** Whether an answer is the document that was looked for, whatever else is wrong with it. */
function holds(member: "issuer" | "keys", reading: DocumentReading): boolean {
  if (reading.outcome !== "answered" || reading.response.status !== 200) return false;
  try {
    const value: unknown = JSON.parse(reading.response.body.toString("utf8"));
    return isRecord(value) && value[member] !== undefined;
  } catch {
    return false;
  }
}

/** What stands near a document that is missing: the places at which other programs put the same. */
export async function nearbyFacts(
  { issuer, discovery, jwks }: IssuerReading,
  options: ReadOptions,
): Promise<readonly NearFacts[]> {
  const missing = [discovery, jwks].find(isMissing);
  if (missing === undefined) return [];
  const { document } = missing;
  const [places, member] =
    document === "discovery"
      ? [discoveryPlaces(issuer), "issuer" as const]
      : [keyPlaces(issuer), "keys" as const];
  const others = [...new Set(places)].filter((url) => url !== missing.url);
  const seen = await mapLimit(
    others,
    async (url) => ({ document, url, found: holds(member, await readDocument(document, url, options)) }),
    2,
  );
  return seen.filter(({ found }) => found).map(({ url }) => ({ document, url }));
}
