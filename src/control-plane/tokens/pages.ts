import {
  collectBytes,
  type JsonRecord,
  PodtrustError,
  recordOf,
  recordsOf,
  textOf,
} from "../../core/base/index.ts";
import { type KubernetesApi, metadataListAccept } from "../../providers/kubernetes/index.ts";

/** What a list is read from. */
export type ListReader = Pick<KubernetesApi, "follow" | "server">;

/** What is read, page by page. */
export interface PagesQuery<T> {
  /** `/api/v1/pods`, with a query where it has one. */
  readonly path: string;
  /** For sentences: what it is read for, and the right that it takes. */
  readonly what: string;
  readonly right: string;
  /** Only names and labels: the contents of the objects are not sent. */
  readonly metadataOnly?: boolean;
  /** What is kept of an object; undefined: nothing. */
  readonly keep: (object: JsonRecord) => T | undefined;
}

/** How long and how far is read. */
export interface PageLimit {
  readonly signal: AbortSignal;
  /** Objects; 50,000 by default. */
  readonly maxObjects?: number;
}

/** What a list gave. */
export interface Pages<T> {
  readonly kept: readonly T[];
  /** False: there were more objects than the maximum. */
  readonly isWhole: boolean;
}

const pageSize = 500;
const defaultMaxObjects = 50_000;
const maxPage = 64 * 1024 * 1024;
const silenceMs = 60_000;

function parsed(server: string, what: string, bytes: Buffer): JsonRecord {
  try {
    return recordOf(JSON.parse(bytes.toString("utf8")));
  } catch (cause) {
    throw new PodtrustError("cluster-answer-invalid", `cluster ${server}, to ${what}: no JSON came`, {
      cause,
      detail: { server, reason: "status" },
    });
  }
}

/** Objects of all namespaces, 500 at a time. Throws `cluster-*`. */
export async function objectPages<T>(
  api: ListReader,
  query: PagesQuery<T>,
  { signal, maxObjects = defaultMaxObjects }: PageLimit,
): Promise<Pages<T>> {
  const { path, what, right, keep } = query;
  const accept = query.metadataOnly === true ? metadataListAccept : "application/json";
  const kept: T[] = [];
  let [next, count] = ["", 0];
  do {
    const parameters = new URLSearchParams({
      limit: String(pageSize),
      ...(next === "" ? {} : { continue: next }),
    });
    const url = `${path}${path.includes("?") ? "&" : "?"}${parameters.toString()}`;
    const bytes = await api.follow(url, { what, right, accept, silenceMs, signal }, (body) =>
      collectBytes(body, maxPage),
    );
    const page = parsed(api.server, what, bytes);
    const items = recordsOf(page["items"]);
    count += items.length;
    for (const item of items) {
      const value = keep(item);
      if (value !== undefined) kept.push(value);
    }
    next = textOf(recordOf(page["metadata"])["continue"]) ?? "";
  } while (next !== "" && count < maxObjects);
  return { kept, isWhole: next === "" };
}
