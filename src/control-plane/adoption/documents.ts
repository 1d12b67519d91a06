import { defined, hostNameOf, isRecord, recordsOf, textOf } from "../../core/base/index.ts";
import {
  isPrivateName,
  type IssuerReading,
  type IssuerRoute,
  readIssuer,
  seeByFamily,
} from "../../issuer/index.ts";
import type { DocumentFacts } from "../../rules/adoption/index.ts";

/** The documents of an issuer as AWS reads them, over each family of addresses by itself. Throws only the signal's reason. */
export async function readDocuments(
  issuer: string,
  route: IssuerRoute,
  signal: AbortSignal,
): Promise<DocumentFacts> {
  const seen = await seeByFamily(issuer, route, signal);
  const published = seen.filter(({ outcome }) => outcome === "seen").map(({ kids }) => kids);
  // What one of them lacks is not published.
  const [first = [], ...more] = published;
  const kids = first.filter((kid) => more.every((others) => others.includes(kid)));
  const families = seen.map(({ family, outcome, why }) => ({ family, outcome, ...defined({ why }) }));
  return { families, kids };
}

/** Another publisher of an issuer's documents, as its answers show. */
export interface OtherPublisher {
  readonly issuer: string;
  /** The `Server` headers that two readings had; empty where there was none. */
  readonly servers: readonly string[];
  readonly etags: readonly string[];
  readonly kids: readonly string[];
  /** The two readings differ: more than one publisher answers, or it changed in between. */
  readonly differs: boolean;
}

function answersOf({ discovery, jwks }: IssuerReading): readonly string[] {
  return [discovery, jwks].flatMap((one) =>
    one?.outcome === "answered" && one.response.status === 200 ? [one.response.body.toString("utf8")] : [],
  );
}

const headersOf = (readings: readonly IssuerReading[], name: string): readonly string[] => [
  ...new Set(
    readings.flatMap(({ jwks }) =>
      jwks?.outcome === "answered" ? [textOf(jwks.response.headers[name]) ?? ""] : [],
    ),
  ),
];

function kidsIn(text: string | undefined): readonly string[] {
  try {
    const set: unknown = JSON.parse(text ?? "");
    return isRecord(set) ? recordsOf(set["keys"]).map(({ kid }) => textOf(kid) ?? "") : [];
  } catch {
    return [];
  }
}

/**
 * The publisher of an issuer's documents, by two readings; undefined if there is none outside: its name is a
 * private one, or there is no answer. Throws only the signal's reason.
 */
export async function readPublisher(
  issuer: string,
  route: IssuerRoute,
  signal: AbortSignal,
): Promise<OtherPublisher | undefined> {
  const host = hostNameOf(issuer);
  if (!issuer.startsWith("https://") || isPrivateName(host)) return undefined;
  const readings = [await readIssuer(issuer, { route, signal }), await readIssuer(issuer, { route, signal })];
  const [one = [], other = []] = readings.map(answersOf);
  if (one.length === 0 && other.length === 0) return undefined;
  return {
    issuer,
    servers: headersOf(readings, "server").filter((name) => name !== ""),
    etags: headersOf(readings, "etag").filter((tag) => tag !== ""),
    kids: kidsIn(one[1] ?? other[1]),
    differs: JSON.stringify(one) !== JSON.stringify(other),
  };
}
