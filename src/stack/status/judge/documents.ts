import { isoTime, lengthText, type Link } from "../../../core/base/index.ts";
import { reasons } from "../../../core/reasons/index.ts";
import { finding, skipped, type Finding } from "../finding.ts";
import type { DocumentReading, IssuerFinding } from "../../../issuer/index.ts";
import type { DocumentName } from "../../../rules/oidc/index.ts";
import type { JwkSet } from "../../../rules/keys/index.ts";
import type { IssuerFacts, JudgedFacts } from "../facts.ts";

/** How old an answer is, as its headers say. */
function ageOf(headers: Readonly<Record<string, string>>, now: number): string {
  const parts: string[] = [];
  const modified = Date.parse(headers["last-modified"] ?? "");
  if (!Number.isNaN(modified)) parts.push(`changed ${lengthText(now - modified)} ago`);
  const age = Number(headers["age"] ?? Number.NaN);
  if (!Number.isNaN(age)) parts.push(`${age} s in a cache on the way`);
  const cached = headers["cache-control"];
  if (cached !== undefined) parts.push(`may be cached: ${cached}`);
  return parts.length === 0 ? "fetched now; it says nothing of its age" : `fetched now; ${parts.join("; ")}`;
}

/** The link at which a finding of the issuer's reader is reported. */
export function linkOfFinding({ reason, document }: IssuerFinding): Link {
  const links: readonly Link[] = reasons[reason].links;
  return links.includes(document) ? document : (links[0] ?? document);
}

/** The findings of one document's reading at its own link: what is reported elsewhere is skipped here. */
function ownFindings(facts: JudgedFacts, document: DocumentName): readonly Finding[] {
  const all = facts.judgement.findings.filter((one) => one.document === document);
  return all.map((one) => {
    const link = linkOfFinding(one);
    if (link !== document) return skipped(link, one.url);
    return finding(one.reason, { seen: one.seen, from: one.url, next: one.next });
  });
}

function freshOf(reading: DocumentReading | undefined, now: number): string {
  return reading?.outcome === "answered" ? ageOf(reading.response.headers, now) : "fetched now";
}

const stands = (findings: readonly Finding[]): boolean =>
  findings.every(({ outcome }) => outcome === "warning" || outcome === "ok");

/** The published discovery document: reachable, readable, and of exactly this issuer. */
export function judgeDiscovery(facts: JudgedFacts, { reading }: IssuerFacts): readonly Finding[] {
  const own = ownFindings(facts, "discovery");
  const { discovery } = facts.judgement;
  if (discovery === undefined || !stands(own)) return own;
  const from = reading.discovery.url;
  const seen = `names ${discovery.issuer} to the letter, and its keys at ${discovery.jwksUri}`;
  const fresh = freshOf(reading.discovery, facts.now);
  return [finding("DiscoveryServed", { seen, from, fresh }), ...own];
}

/** The kids of the keys known to sign: those of the minted tokens. */
function signingKids({ workloads }: JudgedFacts): ReadonlySet<string> {
  return new Set(workloads.flatMap(({ token }) => (token?.kind === "seen" ? [token.value.kid ?? ""] : [])));
}

/** What to do about a key that signs and is not published, as far as its publisher can be asked. */
function nextForMissing({ publisher, config }: JudgedFacts, kids: readonly string[]): string {
  // Somebody else serves this issuer: podtrust rotate knows nothing of it.
  if (publisher === undefined && config.publisher === undefined)
    return "Have it published where the issuer is served: kubectl get --raw /openid/v1/jwks prints the cluster's keys as they are now.";
  if (publisher === undefined)
    return "Publish it: on the publisher's host podtrust rotate status says why it is not there.";
  const distrusted = kids.find((kid) => publisher.distrusted.includes(kid));
  if (distrusted !== undefined && config.publisher?.distrusted.includes(distrusted) === true)
    return `The config lists it in publisher.distrusted, so that it is never published: let the cluster sign with another key, or take it out of there and have the publisher read its config again.`;
  if (distrusted !== undefined)
    return `It was distrusted, so that it is never published: let the cluster sign with another key, or take that back on the publisher's host: podtrust rotate restore ${distrusted}`;
  if (publisher.blind !== undefined) return publisher.blind.next;
  return "The publisher can read the cluster: it publishes the key at its next look, within publisher.poll.";
}

function missingFinding(
  facts: JudgedFacts,
  missing: readonly string[],
  found: { seen: string; from: string },
): Finding {
  const signing = signingKids(facts);
  const signs = missing.filter((kid) => signing.has(kid));
  const { cluster } = facts;
  const all = cluster?.documents.kind === "seen" ? cluster.documents.value.jwks.keys.length : 0;
  // If a cluster has only one key, that one signs.
  if (signs.length > 0 || (signing.size === 0 && missing.length === all)) {
    const kids = signs.length > 0 ? signs : missing;
    return finding("JwksKeyMissing", { ...found, next: nextForMissing(facts, kids) });
  }
  if (signing.size === 0) return finding("JwksKeyUnconfirmed", found);
  const distrusted = missing.filter((kid) => facts.publisher?.distrusted.includes(kid) === true);
  if (distrusted.length < missing.length) return finding("JwksVerifyingKeyMissing", found);
  const next =
    "It was distrusted, and nothing signs with it: take it out of the API server's --service-account-key-file.";
  return finding("JwksVerifyingKeyMissing", { ...found, next });
}

function keyFinding(facts: JudgedFacts, { keys }: JwkSet, reading: DocumentReading | undefined): Finding {
  const from = reading?.url ?? "";
  const fresh = freshOf(reading, facts.now);
  const kids = new Set(keys.map(({ kid }) => kid));
  const list = keys.map(({ alg, kid }) => `${alg} ${kid}`).join(", ");
  const documents = facts.cluster?.documents;
  const own = documents?.kind === "seen" ? documents.value.jwks.keys : undefined;
  const missing = own?.map(({ kid }) => kid).filter((kid) => !kids.has(kid)) ?? [];
  if (missing.length > 0) {
    const seen = `lacks the cluster's key ${missing.join(", ")}; it holds ${list}`;
    return missingFinding(facts, missing, { seen, from });
  }
  const all =
    own === undefined
      ? "whether these are all of the cluster's was not seen"
      : "all of the cluster's among them";
  const seen = `holds ${keys.length} key${keys.length === 1 ? "" : "s"} (${list}), ${all}`;
  return finding("JwksServed", { seen, from, fresh });
}

function publisherFindings({ publisher, now, config }: JudgedFacts): readonly Finding[] {
  if (publisher?.blind === undefined) return [];
  const { since, message, next } = publisher.blind;
  const seen = `the publisher keeps using what it last saw of the cluster: ${message}`;
  const fresh = `since ${isoTime(since)}, for ${lengthText(now - since)}`;
  return [finding("PublisherBlind", { seen, from: `the publisher of ${config.issuer}`, fresh, next })];
}

/** The published JWKS: readable, and with every key that the cluster signs with. */
export function judgeJwks(facts: JudgedFacts, { reading }: IssuerFacts): readonly Finding[] {
  const own = ownFindings(facts, "jwks");
  const blind = publisherFindings(facts);
  const { jwks } = facts.judgement;
  const from = reading.jwks?.url ?? "";
  if (jwks === undefined) return [...own, ...blind];
  const unusable = jwks.leftOut.map(({ kid, reason }) =>
    finding("JwksUnusual", { seen: `AWS cannot use the key ${kid ?? "without a kid"}: ${reason}`, from }),
  );
  return [keyFinding(facts, jwks, reading.jwks), ...own, ...unusable, ...blind];
}
