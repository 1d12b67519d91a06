import { hostNameOf, isoDay } from "../../core/base/index.ts";
import type { Reason } from "../../core/reasons/index.ts";
import type { DocumentReading, IssuerFinding } from "../../issuer/index.ts";
import { isOverdue } from "../facts.ts";
import { type DoctorFinding, finding } from "./finding.ts";
import { type Judged, readingOf } from "./judged.ts";

/** What a system says when the way to an address begins nowhere: nothing is known of the address. */
const noRoute: ReadonlySet<string> = new Set(["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EACCES"]);

const detailOf = (reading: DocumentReading, member: "cause" | "reason"): string =>
  String((reading as Partial<Extract<DocumentReading, { outcome: "failed" }>>).error?.detail[member]);

const causeOf = (reading: DocumentReading): string => detailOf(reading, "cause");

/** Whether a company's proxy makes no connection: of the issuer that says nothing. */
function isHeldByProxy(reading: DocumentReading): boolean {
  return reading.outcome === "failed" && reading.error.code === "http-proxy";
}

/** Whether this machine could not even try, or was not to. */
export function isUnseen(reading: DocumentReading): boolean {
  const errors = reading.exchange.attempts.map(({ error }) => error ?? "");
  if (isHeldByProxy(reading)) return true;
  if (reading.outcome === "answered" || reading.exchange.timing.connect !== undefined) return false;
  if (detailOf(reading, "reason") === "withheld") return true;
  return noRoute.has(causeOf(reading)) || (errors.length > 0 && errors.every((error) => noRoute.has(error)));
}

/** Why no connection came about. */
export function noConnection(facts: Judged, found: IssuerFinding): DoctorFinding {
  const reading = readingOf(facts, found);
  const { seen, next } = found;
  if (isHeldByProxy(reading)) return finding("AddressUnseen", { seen, next });
  if (isUnseen(reading)) return finding("AddressUnseen", { seen });
  return finding(causeOf(reading) === "ECONNREFUSED" ? "ConnectionRefused" : "ConnectionFailed", { seen });
}

const notTls = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE/u;
const oldTls = /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|VERSION_TOO_LOW/u;

/** Why a handshake failed. */
export function noHandshake(facts: Judged, found: IssuerFinding): DoctorFinding {
  const cause = causeOf(readingOf(facts, found));
  const reasons: readonly (readonly [RegExp, Reason])[] = [
    [notTls, "NoTls"],
    [oldTls, "TlsTooOld"],
  ];
  const reason = reasons.find(([mark]) => mark.test(cause))?.[1] ?? "TlsFailed";
  return finding(reason, { seen: found.seen });
}

/** Whose certificate it is, of a chain that no known root vouches for. */
export function untrusted(facts: Judged, found: IssuerFinding): DoctorFinding {
  const chain = readingOf(facts, found).exchange.tls?.chain ?? [];
  const last = chain.at(-1);
  const { seen } = found;
  if (last === undefined) return finding("CertificateUntrusted", { seen, next: found.next });
  const count = chain.length === 1 ? "one certificate" : `${chain.length} certificates`;
  const said = `${seen}; ${count} came, the last for ${last.subject} by ${last.issuer}`;
  const ownRoot = last.subject === last.issuer;
  if (ownRoot && chain.length === 1) return finding("CertificateSelfSigned", { seen: said });
  if (!ownRoot && chain.length === 1) return finding("ChainIncomplete", { seen: said });
  return finding(ownRoot ? "PrivateAuthority" : "CertificateUntrusted", { seen: said });
}

/** A certificate for other names than the host's: the issuer's, or that of the keys. */
export function foreignName(facts: Judged, { document, seen, url }: IssuerFinding): DoctorFinding {
  const ofKeys = document === "jwks" && hostNameOf(url) !== hostNameOf(facts.issuer);
  return finding(ofKeys ? "JwksHostNotCovered" : "CertificateNameMismatch", { seen });
}

/** A certificate that nothing seems to renew. */
export function judgeDates({ reading, now }: Judged): readonly DoctorFinding[] {
  return [reading.discovery, reading.jwks].flatMap((one) => {
    const leaf = one?.exchange.tls?.chain[0];
    if (one?.outcome !== "answered" || leaf === undefined) return [];
    if (leaf.notAfter <= now || !isOverdue(one, now)) return [];
    return [
      finding("CertificateExpiring", {
        seen: `the certificate of ${hostNameOf(one.url)} ends on ${isoDay(leaf.notAfter)}, and less than a sixth of its life is left`,
      }),
    ];
  });
}
