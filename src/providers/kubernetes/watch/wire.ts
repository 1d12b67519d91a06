import {
  collectBytes,
  isRecord,
  type JsonRecord,
  PodtrustError,
  recordOf,
  recordsOf,
  textOf,
} from "../../../core/base/index.ts";
import { type RequestPurpose, statusFault } from "../answer.ts";
import { linesOf } from "./lines.ts";

// An object is 1.5 MB at the most (etcd's bound), and more in JSON, where a byte may become six.
const maxEvent = 10 * 1024 * 1024;
const maxPage = 64 * 1024 * 1024;
/** For all objects of a list together. */
const maxList = 1024 * 1024 * 1024;

/** One event of a watch (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes). */
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object: JsonRecord;
  /** Bytes that it came as. */
  readonly size: number;
}

function invalid(purpose: RequestPurpose, why: string, reason: string): PodtrustError {
  return new PodtrustError(
    "cluster-answer-invalid",
    `cluster ${purpose.server}, to ${purpose.what}: ${why}`,
    {
      detail: { server: purpose.server, reason },
    },
  );
}

function parsed(purpose: RequestPurpose, bytes: Buffer): JsonRecord {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    if (isRecord(value)) return value;
  } catch {
    // Thrown below.
  }
  throw invalid(purpose, "what it sent is no JSON object", "status");
}

const types = new Set<unknown>(["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]);

function eventOf(purpose: RequestPurpose, line: Buffer): WatchEvent {
  const { type, object } = parsed(purpose, line);
  if (type === "ERROR") {
    const { code } = recordOf(object);
    // Thrown before the connection ends, whose own error would hide the server's.
    const status = typeof code === "number" ? code : 500;
    throw statusFault(purpose, { status, headers: {}, body: Buffer.from(JSON.stringify(object)) });
  }
  if (!types.has(type) || !isRecord(object)) throw invalid(purpose, "an event is none", "status");
  return { type: type as WatchEvent["type"], object, size: line.length };
}

/** The events of a watch's answer. Throws what `statusFault` makes of an ERROR, and `cluster-answer-invalid`. */
export async function* eventsOf(
  purpose: RequestPurpose,
  body: AsyncIterable<Buffer>,
): AsyncGenerator<WatchEvent> {
  try {
    for await (const line of linesOf(body, maxEvent)) if (line.length > 0) yield eventOf(purpose, line);
  } catch (error) {
    throw error instanceof RangeError
      ? invalid(purpose, `of an event, ${error.message}`, "too-large")
      : error;
  }
}

/** One page of a list. */
export interface ListPage {
  readonly items: readonly JsonRecord[];
  readonly resourceVersion: string;
  /** The token for the next page; empty after the last. */
  readonly continue: string;
  readonly size: number;
}

/** Reads one page of a list. */
export async function pageOf(purpose: RequestPurpose, body: AsyncIterable<Buffer>): Promise<ListPage> {
  const bytes = await collectBytes(body, maxPage).catch((error: unknown) => {
    throw error instanceof RangeError ? invalid(purpose, error.message, "too-large") : error;
  });
  const list = parsed(purpose, bytes);
  const metadata = recordOf(list["metadata"]);
  return {
    items: recordsOf(list["items"]),
    resourceVersion: textOf(metadata["resourceVersion"]) ?? "",
    continue: textOf(metadata["continue"]) ?? "",
    size: bytes.length,
  };
}

/** Counts the content of a list, and throws when it is unreasonably large. */
export class ListBounds {
  readonly #purpose: RequestPurpose;
  readonly #maxObjects: number;
  #bytes = 0;

  constructor(purpose: RequestPurpose, maxObjects: number) {
    this.#purpose = purpose;
    this.#maxObjects = maxObjects;
  }

  came(bytes: number, kept: number): void {
    this.#bytes += bytes;
    if (kept > this.#maxObjects)
      throw invalid(this.#purpose, `there are more than ${this.#maxObjects} objects`, "too-large");
    if (this.#bytes > maxList)
      throw invalid(this.#purpose, `the list is longer than ${maxList} bytes`, "too-large");
  }
}
