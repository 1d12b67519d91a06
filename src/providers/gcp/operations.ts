import { isRecord, type JsonRecord, PodtrustError, textOf, until } from "../../core/base/index.ts";
import { ApiRefusal, type OnApiWait, saidWords } from "../../core/http/index.ts";
import type { GoogleApi } from "./api.ts";
import { googleError, invalidAnswer, isNotFound } from "./vendor.ts";

/** How long a change of a pool or provider may take; they take seconds. */
const operationTimeoutMs = 180_000;

// google.rpc.Code, those that a change may end with.
const canonicalNames: Readonly<Record<number, readonly [name: string, httpStatus: number]>> = {
  3: ["INVALID_ARGUMENT", 400],
  5: ["NOT_FOUND", 404],
  6: ["ALREADY_EXISTS", 409],
  7: ["PERMISSION_DENIED", 403],
  9: ["FAILED_PRECONDITION", 400],
  10: ["ABORTED", 409],
};

function ended(operation: JsonRecord): boolean {
  const { error } = operation;
  if (isRecord(error)) {
    const [name, status] = canonicalNames[Number(error["code"])] ?? ["", 400];
    throw new ApiRefusal(status, name, saidWords(textOf(error["message"]) ?? ""));
  }
  return operation["done"] === true;
}

/**
 * Waits until an operation has ended. Its result is ignored: a finished one was seen without it, and the caller reads
 * the thing. Throws `ApiRefusal` for one that failed, and `gcp-operation-late`.
 */
export async function untilDone(
  api: GoogleApi,
  started: JsonRecord,
  { path, what, signal, waiting }: { path: string; what: string; signal: AbortSignal; waiting: OnApiWait },
): Promise<void> {
  if (ended(started)) return;
  // The name is the answer's, and becomes a path: it has to be one of what was changed.
  const id = /\/operations\/([A-Za-z0-9_-]{1,200})$/u.exec(textOf(started["name"]) ?? "")?.[1];
  if (id === undefined) throw invalidAnswer(what, "it names no operation");
  await until<true>({
    clock: api.clock,
    withinMs: operationTimeoutMs,
    delays: [500, 1000, 2000, 5000],
    signal,
    look: async () => {
      const call = { method: "GET", path: `${path}/operations/${id}`, what: `looking at ${what}` } as const;
      const operation = await api.read(call, signal, waiting).catch((thrown: unknown) => {
        // One that ended is kept for a while only. The state shows whether it did what it should.
        if (isNotFound(thrown)) return { done: true };
        throw googleError(thrown, call.what);
      });
      return ended(operation) ? { is: true } : { waitsFor: `Google is at it: ${what}` };
    },
    onWait: waiting,
    late: () => new PodtrustError("gcp-operation-late", `${what} has not ended within 3 minutes`),
  });
}
