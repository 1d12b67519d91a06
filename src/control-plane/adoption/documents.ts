import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { errorText, hostNameOf, isRecord, recordsOf, textOf } from "../../core/base/index.ts";
import { connectTarget } from "../../core/http/index.ts";
import {
  isPrivateName,
  type IssuerReading,
  type IssuerRoute,
  readIssuer,
  seeIssuer,
} from "../../issuer/index.ts";
import type { DocumentFacts, FamilyFacts } from "../../rules/adoption/index.ts";

const families = [
  ["IPv4", 4],
  ["IPv6", 6],
] as const;

/** Whether this machine has an address by which it may reach others over IPv6. */
function hasIpv6(): boolean {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.some(
    ({ family, internal, address }) => family === "IPv6" && !internal && !/^fe80:/iu.test(address),
  );
}

async function addressesOf(host: string, family: 4 | 6): Promise<readonly string[]> {
  if (isIP(host) !== 0) return isIP(host) === family ? [host] : [];
  try {
    return (await lookup(host, { family, all: true })).map(({ address }) => address);
  } catch {
    // No address of this family, or no such name: the other family tells them apart.
    return [];
  }
}

interface Seen {
  readonly facts: FamilyFacts;
  readonly kids: readonly string[];
}

async function seeOver(
  issuer: string,
  route: IssuerRoute,
  [family, number]: (typeof families)[number],
  signal: AbortSignal,
): Promise<Seen> {
  const rules = route.connectTo ?? [];
  const host = hostNameOf(issuer);
  const target = connectTarget(rules, host, 443);
  const [address] = await addressesOf(target.host, number);
  if (address === undefined) return { facts: { family, outcome: "absent" }, kids: [] };
  const isLocal = address === "::1";
  if (number === 6 && !isLocal && !hasIpv6())
    return { facts: { family, outcome: "unseen", why: "this machine has no IPv6" }, kids: [] };
  const pinned = [{ host, port: 443, address, toPort: target.port }, ...rules];
  try {
    const { kids } = await seeIssuer(issuer, { ...route, connectTo: pinned }, signal);
    return { facts: { family, outcome: "seen" }, kids };
  } catch (error) {
    signal.throwIfAborted();
    return { facts: { family, outcome: "failed", why: errorText(error) }, kids: [] };
  }
}

/** The documents of an issuer as AWS reads them, over each family of addresses by itself. Throws only the signal's reason. */
export async function readDocuments(
  issuer: string,
  route: IssuerRoute,
  signal: AbortSignal,
): Promise<DocumentFacts> {
  const seen = await Promise.all(families.map((family) => seeOver(issuer, route, family, signal)));
  const published = seen.filter(({ facts }) => facts.outcome === "seen").map(({ kids }) => kids);
  // What one of them lacks is not published.
  const [first = [], ...more] = published;
  const kids = first.filter((kid) => more.every((others) => others.includes(kid)));
  return { families: seen.map(({ facts }) => facts), kids };
}

/** Who else serves an issuer's documents, as its answers tell. */
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
 * Who serves the documents of an issuer, by two readings; undefined where nobody outside can: its name is a private one, or
 * nobody answers. Throws only the signal's reason.
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
