import { catalogue, type ErrorCode } from "./catalogue/index.ts";
import { defined } from "./defined.ts";
import { isRecord, recordOf, textOf } from "./record.ts";

export interface ErrorOptions {
  /**
   * What to do next, where there is a better sentence than the catalogue's.
   *
   * @default the catalogue's sentence for the code
   */
  readonly next?: string;
  /** What led to this error: for logs, never for clients. */
  readonly cause?: unknown;
  /**
   * Machine-readable facts (the key, the value, the limit); never a secret.
   *
   * @default {}
   */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/**
 * The one error class that a person meets: what is wrong with which value (`message`), a stable `code`, and
 * what to do next (`next`). A caller's mistake in the code is a `TypeError` instead.
 */
export class PodtrustError extends Error {
  override readonly name: string = "PodtrustError";
  readonly code: ErrorCode;
  readonly next: string;
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.next = options.next ?? catalogue[code].next;
    this.detail = options.detail ?? {};
  }

  /** The public half: safe to print and to send, without the cause. */
  toJSON(): { code: ErrorCode; message: string; next: string; detail: Readonly<Record<string, unknown>> } {
    return { code: this.code, message: this.message, next: this.next, detail: this.detail };
  }
}

/** The sentence of anything that was thrown, without a stack: `fetch failed: connect ECONNREFUSED 127.0.0.1:1`. */
export function errorText(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown instanceof AggregateError && thrown.errors.length > 0) {
    return thrown.errors.map(errorText).join("; ");
  }
  const text = thrown.message === "" ? thrown.name : thrown.message;
  if (thrown.cause === undefined || thrown instanceof PodtrustError) return text;
  return `${text}: ${errorText(thrown.cause)}`;
}

/** What was thrown as a PodtrustError: itself, or wrapped as `internal`. */
export function asPodtrustError(thrown: unknown): PodtrustError {
  if (thrown instanceof PodtrustError) return thrown;
  return new PodtrustError("internal", errorText(thrown), { cause: thrown });
}

/** The same error with another next step, and another message where one is given; what was thrown is its cause. */
export function withNextStep(error: PodtrustError, next: string, message = error.message): PodtrustError {
  return new PodtrustError(error.code, message, { next, detail: error.detail, cause: error });
}

/** What another process of podtrust threw, from what its `toJSON` made of it; undefined for anything else. */
export function errorFromJson(said: unknown): PodtrustError | undefined {
  if (!isRecord(said)) return undefined;
  const [code, message, next] = [textOf(said["code"]), textOf(said["message"]), textOf(said["next"])];
  if (code === undefined || message === undefined || !Object.hasOwn(catalogue, code)) return undefined;
  const options = { detail: recordOf(said["detail"]), ...defined({ next }) };
  return new PodtrustError(code as ErrorCode, message, options);
}
