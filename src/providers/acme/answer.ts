import { isRecord, type JsonRecord, PodtrustError } from "../../core/base/index.ts";
import { type HttpResponse, isLoopback } from "../../core/http/index.ts";

/** Whether this is a plain-HTTP URL on loopback: a CA of a test on this machine. */
export function isLoopbackHttp(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && isLoopback(hostname);
}

/** Whether a CA may name this URL: HTTPS (RFC 8555 §6.1), or plain HTTP on loopback. */
export function isCaUrl(url: string): boolean {
  return URL.canParse(url) && (new URL(url).protocol === "https:" || isLoopbackHttp(url));
}

const maxText = 4096;

/** A JSON object, or undefined for anything else. */
export function parseObject(body: Uint8Array): JsonRecord | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** An answer that is not what RFC 8555 asks for. */
export function answerInvalid(url: string, why: string): PodtrustError {
  return new PodtrustError("acme-answer-invalid", `${url}: ${why}`, { detail: { url } });
}

/** The JSON object of an answer. Throws `acme-answer-invalid`. */
export function objectOf(url: string, response: HttpResponse): JsonRecord {
  const document = parseObject(response.body);
  if (document === undefined) throw answerInvalid(url, "the answer is not a JSON object");
  return document;
}

/** A string of bounded length without control characters: CA texts end up in logs and on terminals. */
export function text(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  return value.slice(0, maxText).replaceAll(/\p{Cc}+/gu, " ");
}

// No CA makes us wait longer than this.
const maxRetryAfterMs = 30 * 24 * 3_600_000;

/**
 * Retry-After (RFC 9110 §10.2.3) in milliseconds from now, or undefined. A date is taken relative to the
 * answer's own Date where it has one, so that a clock of ours that is off does not matter.
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const value = headers["retry-after"]?.trim();
  if (value === undefined || value === "") return undefined;
  if (/^\d{1,10}$/u.test(value)) return Math.min(Number(value) * 1000, maxRetryAfterMs);
  // Date.parse makes a date of almost anything ("-1" is one of 2001): only what ends as an HTTP date does.
  const until = value.endsWith(" GMT") ? Date.parse(value) : NaN;
  if (Number.isNaN(until)) return undefined;
  const sent = Date.parse(headers["date"] ?? "");
  return Math.min(Math.max(0, until - (Number.isNaN(sent) ? now : sent)), maxRetryAfterMs);
}

const maxLinks = 5;

/** The targets of `rel="alternate"` in a Link header (RFC 8555 §7.4.2, RFC 8288). */
export function alternateLinks(header: string | undefined, base: string): readonly string[] {
  const links = (header ?? "").slice(0, 8192).matchAll(/<([^<>]*)>([^<]*)/gu);
  return [...links]
    .filter(([, , parameters = ""]) => /;\s*rel="?alternate"?/iu.test(parameters))
    .flatMap(([, target = ""]) => (URL.canParse(target, base) ? new URL(target, base).href : []))
    .filter(isCaUrl)
    .slice(0, maxLinks);
}
