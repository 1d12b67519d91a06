import { errorText, PodtrustError } from "../base/index.ts";

/** Why a request got no answer, in one word. */
export type HttpFailureReason =
  | "dns"
  | "connect"
  | "tls"
  | "thumbprint"
  | "timeout"
  | "too-large"
  | "aborted"
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

const sentences: Record<HttpFailureReason, { code: PodtrustError["code"]; words: string }> = {
  dns: { code: "http-unreachable", words: "its name does not resolve" },
  connect: { code: "http-unreachable", words: "no connection came about" },
  tls: { code: "http-tls", words: "its certificate or TLS handshake was refused" },
  thumbprint: { code: "http-tls", words: "no certificate of its chain has a registered thumbprint" },
  timeout: { code: "http-timeout", words: "it did not answer in time" },
  "too-large": { code: "http-too-large", words: "its answer is larger than is accepted" },
  aborted: { code: "interrupted", words: "the request was ended before it was done" },
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

/** Sorts what node:https threw. */
export function reasonOf(error: unknown): HttpFailureReason {
  const code = codeOf(error);
  if (dnsCodes.has(code)) return "dns";
  if (connectCodes.has(code)) return "connect";
  return tlsCode.test(code) ? "tls" : "protocol";
}

/** The error of a request that got no usable answer. `detail` is `{url, reason, cause}`, the last as a system's code. */
export function httpFailure(url: string, reason: HttpFailureReason, cause?: unknown): PodtrustError {
  const { code, words } = sentences[reason];
  const because = cause === undefined ? "" : ` (${errorText(cause)})`;
  const system = codeOf(cause);
  const detail = { url, reason, ...(system === "" ? {} : { cause: system }) };
  return new PodtrustError(code, `${url}: ${words}${because}`, { cause, detail });
}
