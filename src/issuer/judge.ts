import { defined, errorText, PodtrustError } from "../core/base/index.ts";
import { type Reason, reasons } from "../core/reasons/index.ts";
import {
  type DiscoveryDocument,
  type DocumentName,
  issuerDifference,
  parseDiscovery,
} from "../rules/oidc/index.ts";
import { type JwkSet, parseJwkSet } from "../rules/keys/index.ts";
import type { ExchangeTrace, ExchangeTiming, HttpResponse } from "../core/http/index.ts";
import type { DocumentReading, IssuerReading } from "./read.ts";

/** One conclusion from a reading. */
export interface IssuerFinding {
  readonly reason: Reason;
  readonly document: DocumentName;
  readonly url: string;
  /** What was seen, with its values. */
  readonly seen: string;
  readonly next: string;
  /** The values that distinguish causes: those of the error, if there was one. */
  readonly detail?: ErrorDetail;
}

type ErrorDetail = PodtrustError["detail"];

/** What a reading of an issuer means for AWS. */
export interface IssuerJudgement {
  /** Present if it can be read; `findings` may still say that it is another issuer's. */
  readonly discovery?: DiscoveryDocument;
  readonly jwks?: JwkSet;
  /** Everything that is wrong, or legal but unusual; empty if there is nothing to report. */
  readonly findings: readonly IssuerFinding[];
}

// OpenSSL's names for problems of a chain; Node gives them as the error's code.
const byCertificate: Readonly<Record<string, Reason>> = {
  CERT_HAS_EXPIRED: "CertificateExpired",
  CERT_NOT_YET_VALID: "CertificateNotYetValid",
  ERR_TLS_CERT_ALTNAME_INVALID: "CertificateNameMismatch",
  SELF_SIGNED_CERT_IN_CHAIN: "CertificateUntrusted",
  DEPTH_ZERO_SELF_SIGNED_CERT: "CertificateUntrusted",
  UNABLE_TO_GET_ISSUER_CERT: "CertificateUntrusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "CertificateUntrusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "CertificateUntrusted",
};

const byReason: Readonly<Record<string, Reason>> = {
  dns: "NameNotResolved",
  proxy: "ConnectionFailed",
  tls: "TlsFailed",
  thumbprint: "CertificateUntrusted",
  "too-large": "ResponseTooLarge",
  protocol: "ResponseInvalid",
  withheld: "AddressUnseen",
};

/** How far an exchange without an answer got, by its marks. */
function endedAt({ timing, attempts, resolved }: ExchangeTrace, otherwise: Reason): Reason {
  if (attempts.length + resolved.length === 0) return "NameNotResolved";
  if (timing.connect === undefined) return "ConnectionFailed";
  return timing.tls === undefined ? "TlsFailed" : otherwise;
}

function failureReason({ document, exchange }: DocumentReading, { detail }: PodtrustError): Reason {
  const { reason, cause } = detail;
  // A jwks_uri that is no https URL: nothing was requested.
  if (typeof reason !== "string") return document === "jwks" ? "DiscoveryInvalid" : "ResponseInvalid";
  if (reason === "connect") return endedAt(exchange, "ResponseInvalid");
  if (reason === "timeout") return endedAt(exchange, "ResponseTimeout");
  const certificate = reason === "tls" ? byCertificate[String(cause)] : undefined;
  return certificate ?? byReason[reason] ?? "ResponseInvalid";
}

const phases: readonly (readonly [keyof ExchangeTiming, string])[] = [
  ["dns", "name resolved"],
  ["connect", "connected"],
  ["tls", "TLS"],
  ["firstByte", "first byte"],
];

/** `connected after 3 ms, TLS after 12 ms, no first byte`: where a slow exchange spent its time. */
function course({ timing }: ExchangeTrace): string {
  const done = phases.flatMap(([phase, words]) =>
    timing[phase] === undefined ? [] : [`${words} after ${timing[phase]} ms`],
  );
  const missing = timing.firstByte === undefined ? "no first byte" : "no last byte";
  return [...done, missing].join(", ");
}

function findingAt(
  { document, url }: DocumentReading,
  reason: Reason,
  seen: string,
  next?: string,
): IssuerFinding {
  const entry: { readonly next?: string } = reasons[reason];
  return { reason, document, url, seen, next: next ?? entry.next ?? "" };
}

/** Why a document did not come at all. */
export function failed(reading: DocumentReading & { readonly outcome: "failed" }): IssuerFinding {
  const text = errorText(reading.error);
  const slow = reading.error.detail["reason"] === "timeout";
  return findingAt(
    reading,
    failureReason(reading, reading.error),
    slow ? `${text}: ${course(reading.exchange)}` : text,
    // What a proxy refuses says nothing of the issuer.
    reading.error.code === "http-proxy" ? reading.error.next : undefined,
  );
}

/** Why a document did not come with status 200; undefined if it did. */
function unread(reading: DocumentReading): IssuerFinding | undefined {
  if (reading.outcome === "failed") return failed(reading);
  const { status, headers } = reading.response;
  if (status === 200) return undefined;
  const seen = `${reading.url} answers with status ${status}`;
  const { location } = headers;
  if (status < 300 || status >= 400 || location === undefined)
    return findingAt(reading, "UnexpectedStatus", seen);
  return findingAt(reading, "RedirectNotFollowed", `${seen} and a redirect to ${location}`);
}

const mediaTypes: Readonly<Record<DocumentName, readonly string[]>> = {
  discovery: ["application/json"],
  jwks: ["application/json", "application/jwk-set+json"],
};

function mediaTypeFindings(reading: DocumentReading, { headers }: HttpResponse): readonly IssuerFinding[] {
  const type = headers["content-type"];
  const name = type?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (mediaTypes[reading.document].includes(name)) return [];
  const comes = type === undefined ? "without a media type" : `as ${type}`;
  return [findingAt(reading, "MediaTypeUnusual", `${reading.url} comes ${comes}`)];
}

interface Parsed<T> {
  readonly value?: T;
  readonly findings: readonly IssuerFinding[];
}

/** What a parser reads, or its complaint. */
function parsed<T>(reading: DocumentReading, reason: Reason, parse: (body: Buffer) => T): Parsed<T> {
  const failure = unread(reading);
  if (failure !== undefined) return { findings: [failure] };
  const { response } = reading as Extract<DocumentReading, { outcome: "answered" }>;
  try {
    return { value: parse(response.body), findings: mediaTypeFindings(reading, response) };
  } catch (error) {
    if (!(error instanceof PodtrustError)) throw error;
    const finding = findingAt(reading, reason, error.message, error.next);
    return { findings: [{ ...finding, detail: error.detail }] };
  }
}

function judgeDiscovery(issuer: string, reading: DocumentReading): Parsed<DiscoveryDocument> {
  const { value, findings } = parsed(reading, "DiscoveryInvalid", parseDiscovery);
  if (value === undefined) return { findings };
  const names = { expected: "the configured issuer", actual: "issuer of the document" };
  const difference = issuerDifference(issuer, value.issuer, names);
  const mismatch = difference === undefined ? [] : [findingAt(reading, "IssuerMismatch", difference.message)];
  const unusual = value.warnings.map((text) => findingAt(reading, "DiscoveryUnusual", text));
  return { value, findings: [...mismatch, ...findings, ...unusual] };
}

function judgeJwks(reading: DocumentReading): Parsed<JwkSet> {
  const { value, findings } = parsed(reading, "JwksInvalid", parseJwkSet);
  if (value === undefined) return { findings };
  return {
    value,
    findings: [...findings, ...value.warnings.map((text) => findingAt(reading, "JwksUnusual", text))],
  };
}

/** What a reading of an issuer means. Pure: the same reading always means the same. */
export function judgeIssuer({ issuer, discovery, jwks }: IssuerReading): IssuerJudgement {
  const document = judgeDiscovery(issuer, discovery);
  const set: Parsed<JwkSet> = jwks === undefined ? { findings: [] } : judgeJwks(jwks);
  return {
    findings: [...document.findings, ...set.findings],
    ...defined({ discovery: document.value, jwks: set.value }),
  };
}

/** The first thing that is broken; undefined if all is legal. */
export function brokenOf(findings: readonly IssuerFinding[]): IssuerFinding | undefined {
  return findings.find(({ reason }) => reasons[reason].outcome === "broken");
}
