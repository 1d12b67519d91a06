import { X509Certificate } from "node:crypto";
import { errorText, PodtrustError, recordOf } from "../../core/base/index.ts";
import type { HttpResponse } from "../../core/http/index.ts";
import { answerInvalid, objectOf, retryAfterMs, text } from "./answer.ts";
import { authorityKeyIdentifierOf, serialNumberOf } from "../../core/x509/index.ts";

/** When the CA would have a certificate renewed (RFC 9773 §4.2). Times in milliseconds since the epoch. */
export interface RenewalInfo {
  readonly start: number;
  readonly end: number;
  readonly explanationUrl: string | undefined;
  /** Milliseconds after which to ask again. */
  readonly retryAfter: number;
}

// RFC 9773 §4.3.2 wants bounds on Retry-After, and gives 6 hours for answers without one.
const defaultWait = 6 * 3_600_000;
const shortestWait = 60_000;
const maxWait = 24 * 3_600_000;

/** OpenSSL accepts forms that are not DER: ARI's identifiers come from DER. */
function readBy<T>(reader: (certificate: X509Certificate) => T, certificate: X509Certificate): T {
  try {
    return reader(certificate);
  } catch (cause) {
    throw new PodtrustError("certificate-invalid", `the certificate is no DER: ${errorText(cause)}`, {
      next: "Renew by its dates: ARI cannot name it.",
      cause,
    });
  }
}

/**
 * A certificate's identifier for ARI: base64url of the authority key identifier, a dot, base64url of the serial
 * number's DER octets, with the zero that a set top bit makes necessary (RFC 9773 §4.1). `certificate`: PEM.
 */
export function certificateId(certificate: string): string {
  const leaf = new X509Certificate(certificate);
  const authority = readBy(authorityKeyIdentifierOf, leaf);
  if (authority === undefined) {
    throw new PodtrustError("certificate-invalid", "the certificate has no authority key identifier", {
      next: "Renew by its dates: ARI cannot name it.",
    });
  }
  return `${authority.toString("base64url")}.${readBy(serialNumberOf, leaf).toString("base64url")}`;
}

/** Reads a renewalInfo answer (RFC 9773 §4.2). `now` in milliseconds since the epoch. */
export function readRenewalInfo(url: string, response: HttpResponse, now: number): RenewalInfo {
  const document = objectOf(url, response);
  const window = recordOf(document["suggestedWindow"]);
  const start = Date.parse(text(window["start"]) ?? "");
  const end = Date.parse(text(window["end"]) ?? "");
  // RFC 9773 §4.2: a window that ends before it starts is to be treated as no answer.
  if (Number.isNaN(start) || Number.isNaN(end) || end <= start)
    throw answerInvalid(url, "its suggestedWindow is none");
  const wait = retryAfterMs(response.headers, now) ?? defaultWait;
  return {
    start,
    end,
    explanationUrl: text(document["explanationURL"]),
    retryAfter: Math.min(maxWait, Math.max(shortestWait, wait)),
  };
}
