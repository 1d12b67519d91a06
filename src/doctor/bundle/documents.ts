import { isRecord, type JsonRecord } from "../../core/base/index.ts";
import type { DocumentReading } from "../../issuer/index.ts";
import { privateMembers } from "../../rules/keys/index.ts";

type Answered = Extract<DocumentReading, { outcome: "answered" }>;

const leftOut = "(left out)";

const word = /^[A-Za-z][\w ,.-]{0,80}$/u;
const seconds = /^\d{1,10}$/u;
/** RFC 9110 §5.6.7. */
const date = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/u;

/** Headers that identify servers, and that report what caches do, with the form of what is kept. All others stay where they are. */
const headerForms: Readonly<Record<string, RegExp>> = {
  "content-type": /^[\w.+-]{1,60}\/[\w.+-]{1,60}(?: ?; ?[\w-]{1,20}=[\w.-]{1,40})?$/u,
  // Those of providers are known; what a server of one's own is called is nobody's business.
  server: /^(?:AmazonS3|Windows-Azure-Blob\/[\d.]{1,8}|UploadServer|cloudflare)/u,
  "cf-mitigated": word,
  "cf-cache-status": word,
  "x-cache": word,
  "x-ms-error-code": word,
  "x-amz-request-id": /^[A-Z0-9]{1,20}$/u,
  age: seconds,
  "cache-control": /^[A-Za-z0-9=, -]{1,200}$/u,
  "last-modified": date,
  "retry-after": seconds,
};

export const keptHeaders: readonly string[] = [...Object.keys(headerForms), "location"];

/**
 * The target of a redirect: whom it names, and a path of plain words. What stands behind it, or before its host, may let in who
 * has it.
 */
export function keptLocation(location: string): string {
  const bare = location
    .slice(0, location.search(/[?#]|$/u))
    .replace(/^((?:https?:)?\/\/)[^/@]{0,300}@/iu, "$1");
  const isPlain = /^(?:(?:https?:)?\/\/[^/@]{1,300})?(?:\/[A-Za-z._-]{0,40})*$/iu.test(bare);
  return isPlain ? bare : `${bare.slice(0, Math.max(0, bare.search(/(?<![:/])\/(?!\/)/u)))}/…`;
}

/** What a bundle keeps of an answer's headers: of a value in another form only that it is there. */
export function keptHeadersOf({ response: { headers } }: Answered): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const [name, form] of Object.entries(headerForms)) {
    const value = headers[name];
    if (value !== undefined) kept[name] = form.exec(value)?.[0] ?? leftOut;
  }
  const { location } = headers;
  if (location !== undefined) kept["location"] = keptLocation(location);
  return kept;
}

/** OpenID Connect Discovery 1.0 §3: what relying parties read. */
const discoveryMembers: readonly string[] = [
  "issuer",
  "jwks_uri",
  "response_types_supported",
  "subject_types_supported",
  "id_token_signing_alg_values_supported",
];

/** RFC 7517 §4 and RFC 7518 §6: the public members of a key. */
const keyMembers: readonly string[] = [
  "kty",
  "kid",
  "alg",
  "use",
  "key_ops",
  "crv",
  "n",
  "e",
  "x",
  "y",
  "x5c",
];

/** A value, or that it is of a kind that none of these members has: nothing of an object is kept. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => (typeof one === "string" ? one : null));
  return isRecord(value) ? {} : value;
}

/** Of an object these members, in this order. */
export function onlyMembers(given: JsonRecord, names: readonly string[]): JsonRecord {
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(given, name)).map((name) => [name, given[name]]),
  );
}

function membersOf(given: JsonRecord, names: readonly string[]): JsonRecord {
  const kept = Object.entries(onlyMembers(given, names));
  return Object.fromEntries(kept.map(([name, value]) => [name, plain(value)]));
}

/** Of a key its public members, and that it has private ones. */
function keptKey(given: unknown): unknown {
  if (!isRecord(given)) return null;
  const hidden = privateMembers.filter((name) => Object.hasOwn(given, name)).map((name) => [name, leftOut]);
  return { ...membersOf(given, keyMembers), ...Object.fromEntries(hidden) };
}

/** What is kept of a document, whatever else its server wrote into it. */
function keptDocument(document: DocumentReading["document"], given: JsonRecord): JsonRecord {
  if (document === "discovery") return membersOf(given, discoveryMembers);
  const { keys } = given;
  return Array.isArray(keys) ? { keys: keys.map(keptKey) } : {};
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The marks of a page or a refusal, in the form in which the judges look for them. */
function marksOf(text: string): string {
  const start = text.slice(0, 4096);
  const code = /<Code>[A-Za-z]{1,40}<\/Code>/u.exec(start)?.[0] ?? "";
  const html = /^\s*<(?:!doctype|html|head|body)\b/iu.test(start) ? "<html>" : "";
  const status = /"kind"\s*:\s*"Status"/u.test(start) ? '{"kind":"Status"}' : "";
  const encrypted = code !== "" && /\bKMS\b/u.test(start) ? "KMS" : "";
  const marks = `${html}${code}${status}${encrypted}`;
  return marks === "" && text !== "" ? leftOut : marks;
}

/**
 * What a bundle keeps of a body: of the two documents the members that relying parties read, and of every other answer its
 * marks alone. A page in front of an issuer is private, and so is what another service answers in its place.
 */
export function keptBody({ document, response }: Answered): string {
  const text = response.body.toString("utf8");
  const value = response.status === 200 ? jsonOf(text) : undefined;
  return isRecord(value) ? JSON.stringify(keptDocument(document, value)) : marksOf(text);
}
