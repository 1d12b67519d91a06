import { isoDay, lengthText } from "../../../core/base/index.ts";
import { type DocumentReading, isPrivateAddress } from "../../../issuer/index.ts";
import type { IssuerFacts, JudgedFacts, IssuerNameFacts } from "../facts.ts";
import { type Finding, finding, skipped } from "../finding.ts";
import { linkOfFinding } from "./documents.ts";

function nameFinding({ host, instead, addresses }: IssuerNameFacts): Finding {
  if (instead !== undefined) {
    const seen = `${host} port 443 leads to ${instead.host}:${instead.port}`;
    return finding("NameResolves", { seen, from: "--connect-to, in place of DNS" });
  }
  const from = "this machine's resolver";
  if (addresses.kind === "skipped") return skipped(addresses.needs, from);
  if (addresses.kind === "failed") {
    const seen = `${host} does not resolve: ${addresses.error.message}`;
    return finding("NameNotResolved", { seen, from, code: "http-unreachable" });
  }
  const seen = `${host} is ${addresses.value.join(", ")}`;
  const fresh = "asked now";
  if (!addresses.value.some(isPrivateAddress)) return finding("NameResolves", { seen, from, fresh });
  return finding("AddressPrivate", { seen: `${seen}, which is private`, from, fresh });
}

/** What the names of the two documents resolve to. */
export function judgeDns(_facts: JudgedFacts, { names }: IssuerFacts): readonly Finding[] {
  return names.map(nameFinding);
}

function readingsOf({ reading }: IssuerFacts): readonly DocumentReading[] {
  const { discovery, jwks } = reading;
  return jwks === undefined ? [discovery] : [discovery, jwks];
}

/** What keeps a document from being read, reported at its link and skipped at the others. */
function failureAt(
  facts: JudgedFacts,
  reading: DocumentReading,
  link: "tls" | "reachability",
  from: string,
): Finding | undefined {
  const { findings } = facts.judgement;
  const found = findings.find((one) => one.document === reading.document);
  if (reading.outcome === "answered" || found === undefined) return undefined;
  const at = linkOfFinding(found);
  if (at !== link) return skipped(at, from);
  const { code } = reading.error;
  // Its publisher knows best why there is no good certificate.
  const own = link === "tls" ? facts.publisher?.certificate : undefined;
  const seen = own === undefined ? found.seen : `${found.seen}; its publisher says: ${own.message}`;
  return finding(found.reason, { seen, from, next: own?.next ?? found.next, code });
}

/** Host and port of a document's address, which may be none: `jwks_uri` is the issuer's own text. */
function hostOf({ url }: DocumentReading): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

function certificateFinding(facts: JudgedFacts, reading: DocumentReading): Finding {
  const from = hostOf(reading);
  const failure = failureAt(facts, reading, "tls", from);
  if (failure !== undefined) return failure;
  const { tls } = reading.exchange;
  const leaf = tls?.chain[0];
  if (tls === undefined || leaf === undefined) return skipped("reachability", from);
  const left = leaf.notAfter - facts.now;
  const fresh = `good until ${isoDay(leaf.notAfter)}, in ${lengthText(left)}`;
  const names = leaf.subject.replaceAll("\n", ", ") || from;
  const seen = `${tls.protocol}, a certificate for ${names} by ${leaf.issuer.replaceAll("\n", ", ")}`;
  // ACME clients renew at a third of the lifetime; below half of that, something stops them.
  if (left > (leaf.notAfter - leaf.notBefore) / 6) return finding("CertificateValid", { seen, from, fresh });
  return finding("CertificateExpiring", {
    seen: `${seen}; less than a sixth of its life is left`,
    from,
    fresh,
  });
}

/** The certificates of the hosts of the two documents. */
export function judgeTls(facts: JudgedFacts, issuer: IssuerFacts): readonly Finding[] {
  const byHost = new Map(readingsOf(issuer).map((reading) => [hostOf(reading), reading]));
  return [...byHost.values()].map((reading) => certificateFinding(facts, reading));
}

function documentFinding(facts: JudgedFacts, reading: DocumentReading): Finding {
  const from = "this machine; AWS asks from its own network";
  const failure = failureAt(facts, reading, "reachability", from);
  if (failure !== undefined || reading.outcome === "failed") return failure ?? skipped("tls", from);
  const { status, headers, body } = reading.response;
  const type = headers["content-type"] ?? "no content type";
  const { timing } = reading.exchange;
  const seen = `${reading.url} answers ${status} over verified HTTPS: ${body.length} bytes, ${type}`;
  const fresh = `fetched now, in ${timing.lastByte} ms`;
  if (status === 200) return finding("DocumentReachable", { seen, from, fresh });
  const redirect = status >= 300 && status < 400 && headers["location"] !== undefined;
  return finding(redirect ? "RedirectNotFollowed" : "UnexpectedStatus", { seen, from, fresh });
}

/** Whether both documents can be read at all, within AWS's limits. */
export function judgeReachability(facts: JudgedFacts, issuer: IssuerFacts): readonly Finding[] {
  return readingsOf(issuer).map((reading) => documentFinding(facts, reading));
}
