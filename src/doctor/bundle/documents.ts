import { isRecord, type JsonRecord } from "../../core/base/index.ts";
import type { DocumentReading } from "../../issuer/index.ts";
import { privateMembers } from "../../rules/keys/index.ts";

type Answered = Extract<DocumentReading, { outcome: "answered" }>;

/** Headers that identify servers, and that report what caches do. All others stay where they are. */
export const keptHeaders: readonly string[] = [
  "content-type",
  "location",
  "server",
  "cf-mitigated",
  "cf-cache-status",
  "x-cache",
  "x-ms-error-code",
  "x-amz-request-id",
  "age",
  "cache-control",
  "last-modified",
  "retry-after",
];

const leftOut = "(left out)";

/** OpenID Connect Discovery 1.0 §3: what relying parties read. */
const discoveryMembers: readonly string[] = [
  "issuer",
  "jwks_uri",
  "response_types_supported",
  "subject_types_supported",
  "id_token_signing_alg_values_supported",
];

/** RFC 7517 §4 and RFC 7518 §6: the public members of a key. */
const keyMembers: readonly string[] = ["kty", "kid", "alg", "use", "key_ops", "crv", "n", "e", "x", "y"];

/** A value, or that it is of a kind that none of these members has: nothing of an object is kept. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => (typeof one === "string" ? one : null));
  return isRecord(value) ? {} : value;
}

function membersOf(given: JsonRecord, names: readonly string[]): JsonRecord {
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(given, name)).map((name) => [name, plain(given[name])]),
  );
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
  const marks = `${html}${code}${status}`;
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
