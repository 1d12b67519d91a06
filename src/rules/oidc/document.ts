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

/** Reads one JSON object (RFC 8259), bounded in size; of a duplicated member the last one stays, as at AWS. */
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
