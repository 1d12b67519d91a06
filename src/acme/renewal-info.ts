// @peculiar/x509 wants it loaded first.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { PodtrustError } from "../base/index.ts";
import type { HttpResponse } from "../http/index.ts";
import { isRecord, text } from "./json.ts";
import { answerInvalid, objectOf } from "./read-order.ts";
import type { RenewalInfo } from "./resources.ts";
import { retryAfterMs } from "./retry-after.ts";

// RFC 9773 §4.3.2 wants bounds on Retry-After, and gives 6 hours for answers without one.
const usualWait = 6 * 3_600_000;
const shortestWait = 60_000;
const longestWait = 24 * 3_600_000;

function hexBytes(hex: string): Buffer {
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
}

/**
 * A certificate's identifier for ARI: base64url of the authority key identifier, a dot, base64url of the serial
 * number's DER bytes with the zero that a set top bit makes necessary (RFC 9773 §4.1). `certificate`: PEM.
 */
export function certificateId(certificate: string): string {
  const parsed = new x509.X509Certificate(certificate);
  const authority = parsed.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId;
  if (authority === undefined) {
    throw new PodtrustError("certificate-invalid", "the certificate has no authority key identifier", {
      next: "Renew by its dates: ARI cannot name it.",
    });
  }
  const serial = hexBytes(parsed.serialNumber);
  const der = (serial[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), serial]) : serial;
  return `${hexBytes(authority).toString("base64url")}.${der.toString("base64url")}`;
}

/** Reads a renewalInfo answer (RFC 9773 §4.2). `now` in milliseconds since the epoch. */
export function readRenewalInfo(url: string, response: HttpResponse, now: number): RenewalInfo {
  const document = objectOf(url, response);
  const window = isRecord(document["suggestedWindow"]) ? document["suggestedWindow"] : {};
  const start = Date.parse(text(window["start"]) ?? "");
  const end = Date.parse(text(window["end"]) ?? "");
  // RFC 9773 §4.2: a window that ends before it starts is to be treated as no answer.
  if (Number.isNaN(start) || Number.isNaN(end) || end <= start)
    throw answerInvalid(url, "its suggestedWindow is none");
  const wait = retryAfterMs(response.headers, now) ?? usualWait;
  return {
    start,
    end,
    explanationUrl: text(document["explanationURL"]),
    retryAfter: Math.min(longestWait, Math.max(shortestWait, wait)),
  };
}
