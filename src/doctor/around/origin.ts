import { randomBytes } from "node:crypto";
import {
  type DocumentReading,
  type IssuerReading,
  readDocument,
  type ReadOptions,
} from "../../issuer/index.ts";

/** Whether an answer says that it comes from a cache (RFC 9111 §5.1, and what CDNs write). */
function isCached(reading: DocumentReading): boolean {
  if (reading.outcome !== "answered") return false;
  const { headers } = reading.response;
  const hit = [headers["x-cache"], headers["cf-cache-status"]].some((said) => /hit/iu.test(said ?? ""));
  return hit || Number(headers["age"] ?? 0) > 0;
}

/** The same document by a URL that no cache has seen, so that the server behind it answers. */
function fresh({ document, url }: DocumentReading, options: ReadOptions): Promise<DocumentReading> {
  const other = new URL(url);
  other.searchParams.set("podtrust-doctor", randomBytes(8).toString("hex"));
  return readDocument(document, other.href, options);
}

/** Both documents past the caches in front of them; undefined where no answer says that it comes from one. */
export async function originFacts(
  { issuer, discovery, jwks }: IssuerReading,
  options: ReadOptions,
): Promise<IssuerReading | undefined> {
  if (jwks === undefined || ![discovery, jwks].some(isCached)) return undefined;
  const [first, second] = await Promise.all([fresh(discovery, options), fresh(jwks, options)]);
  return { issuer, discovery: first, jwks: second };
}
