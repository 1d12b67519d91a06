import { type ErrorCode, isRecord, type JsonRecord, PodtrustError } from "../../core/base/index.ts";

export interface DocumentKind {
  /** Its name in messages: `the discovery document`. */
  readonly name: string;
  /** The error code for anything wrong with it. */
  readonly code: ErrorCode;
  /** Longer ones are refused unread. */
  readonly maxBytes: number;
}

/** A value of a document, token or request as part of a sentence: JSON, cut after 120 characters. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 120 ? `${text.slice(0, 120)}… (${text.length} characters)` : text;
}

function decoded(text: string | Uint8Array, kind: DocumentKind): string {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text).byteLength : text.byteLength;
  if (bytes > kind.maxBytes) {
    throw new PodtrustError(
      kind.code,
      `${kind.name} has ${bytes} bytes, more than the ${kind.maxBytes} accepted`,
      {
        detail: { bytes, maxBytes: kind.maxBytes },
      },
    );
  }
  if (typeof text === "string") return text;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text);
  } catch (cause) {
    throw new PodtrustError(kind.code, `${kind.name} is not UTF-8 text`, { cause });
  }
}

/** How deep a document may be nested: far deeper than any that is written, and far less than a stack holds. */
const maxDepth = 500;

/** Whether a value of JSON is nested deeper than that, level by level: a stack would end where it is. */
function isTooDeep(value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0 && depth <= maxDepth; depth += 1)
    level = level.flatMap((one) =>
      typeof one === "object" && one !== null ? Object.values(one as Readonly<Record<string, unknown>>) : [],
    );
  return level.length > 0;
}

/** Reads one JSON object (RFC 8259), bounded in size and depth; of a duplicated member the last one stays, as at AWS. */
export function readDocument(text: string | Uint8Array, kind: DocumentKind): JsonRecord {
  const json = decoded(text, kind);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    // V8's message quotes the text, which may be a token: it goes to the cause, for logs of documents only.
    const what = json.trim() === "" ? "is empty" : "is not JSON";
    throw new PodtrustError(
      kind.code,
      `${kind.name} ${what}`,
      kind.code === "token-invalid" ? {} : { cause },
    );
  }
  if (!isRecord(value)) throw new PodtrustError(kind.code, `${kind.name} is JSON, but no object`);
  if (isTooDeep(value))
    throw new PodtrustError(kind.code, `${kind.name} is nested deeper than ${maxDepth} levels`);
  return value;
}

/**
 * JSON as Go's encoding/json writes it, which is how Kubernetes renders its documents: compact, without a final
 * line break, `<`, `>`, `&` and the two line separators of Unicode escaped.
 */
export function renderDocument(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
