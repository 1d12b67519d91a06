import { errorText, PodtrustError } from "../base/index.ts";
import { withheldCode } from "./judged-lookup.ts";

/** Why a request got no answer, in one word. */
export type HttpFailureReason =
  | "dns"
  | "proxy"
  | "connect"
  | "tls"
  | "thumbprint"
  | "timeout"
  | "too-large"
  | "aborted"
  | "withheld"
  | "protocol";

const dnsCodes = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_NODATA", "EAI_FAIL"]);
const connectCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPIPE",
  "EADDRNOTAVAIL",
  "ETIMEDOUT",
]);

/** The code of what a proxy answered, or why it did not. */
export const proxyCode = "PROXY";

const sentences: Record<HttpFailureReason, { code: PodtrustError["code"]; words: string }> = {
  dns: { code: "http-unreachable", words: "its name does not resolve" },
  proxy: { code: "http-proxy", words: "the proxy makes no connection" },
  connect: { code: "http-unreachable", words: "no connection came about" },
  tls: { code: "http-tls", words: "its certificate or TLS handshake was refused" },
  thumbprint: { code: "http-tls", words: "no certificate of its chain has a registered thumbprint" },
  timeout: { code: "http-timeout", words: "it did not answer in time" },
  "too-large": { code: "http-too-large", words: "its answer is larger than is accepted" },
  aborted: { code: "interrupted", words: "the request was ended before it was done" },
  withheld: { code: "http-unreachable", words: "it leads to no address that may be asked" },
  protocol: { code: "http-unreachable", words: "its answer is not HTTP or ended early" },
};

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}

// OpenSSL's verification results reach Node as codes without a common prefix (CERT_HAS_EXPIRED,
// DEPTH_ZERO_SELF_SIGNED_CERT, UNABLE_TO_VERIFY_LEAF_SIGNATURE), handshake failures as ERR_SSL_* and EPROTO.
const tlsCode = /CERT|SIGNATURE|SELF_SIGNED|_CRL|ISSUER|^ERR_SSL|^ERR_TLS|^EPROTO/u;

/** Classifies what node:https threw. */
export function reasonOf(error: unknown): HttpFailureReason {
  const code = codeOf(error);
  if (code === withheldCode) return "withheld";
  if (dnsCodes.has(code)) return "dns";
  if (code === proxyCode) return "proxy";
  if (connectCodes.has(code)) return "connect";
  return tlsCode.test(code) ? "tls" : "protocol";
}

// RFC 8446 §6, by the numbers that OpenSSL's texts end with.
const tlsAlerts: Readonly<Record<string, string>> = {
  "40": "handshake_failure: it has no certificate for this name yet, or no version or cipher of TLS in common",
  "42": "bad_certificate",
  "45": "certificate_expired",
  "46": "certificate_unknown",
  "48": "unknown_ca",
  "70": "protocol_version: it speaks no TLS 1.2 or 1.3",
  "80": "internal_error",
  "112": "unrecognized_name: it serves another name",
  "116": "certificate_required: it asks for a client's certificate",
  "120": "no_application_protocol",
};

/** OpenSSL's own text, `…:SSL routines:ssl3_read_bytes:…:SSL alert number 40`, in words that a person can search for. */
function causeText(cause: unknown): string {
  const text = errorText(cause).trim();
  const alert = /SSL alert number (\d{1,3})/u.exec(text)?.[1];
  if (alert !== undefined)
    return `the server ended the handshake with TLS alert ${alert}, ${tlsAlerts[alert] ?? "of its own"}`;
  const routine = /:error:[0-9A-F]{8}:[^:]{1,80}:[^:]{0,80}:([^:]{1,200}):/u.exec(`:${text}`)?.[1];
  return routine ?? text;
}

/** The error of a request that got no usable answer. `detail` is `{url, reason, cause}`, the last as a system's code. */
export function httpFailure(url: string, reason: HttpFailureReason, cause?: unknown): PodtrustError {
  const { code, words } = sentences[reason];
  const because = cause === undefined ? "" : ` (${causeText(cause)})`;
  const system = codeOf(cause);
  const detail = { url, reason, ...(system === "" ? {} : { cause: system }) };
  return new PodtrustError(code, `${url}: ${words}${because}`, { cause, detail });
}

/** Whether what was thrown comes of a proxy that makes no connection: it makes none a moment later, so that nothing is tried again. */
export function isHeldByProxy(thrown: unknown): boolean {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof PodtrustError && cause.code === "http-proxy";
}
