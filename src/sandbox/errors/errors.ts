import {
  asPodtrustError,
  type ErrorCode,
  type ErrorOptions,
  errorText,
  PodtrustError,
} from "../../core/base/index.ts";

/** The request is invalid: an option, a seed, a call. */
const usageCodes = [
  "usage",
  "sandbox-seed",
  "sandbox-control-request",
  "http-url-invalid",
  "issuer-invalid",
] as const satisfies readonly ErrorCode[];

/** This machine does not allow it: a file, a folder, an address. */
const machineCodes = [
  "sandbox-listen",
  "sandbox-state-invalid",
  "sandbox-state-locked",
  "file-unreadable",
  "file-unwritable",
  "state-permissions",
] as const satisfies readonly ErrorCode[];

/** The other process, or the connection to it, is gone. */
const connectionCodes = [
  "sandbox-control-denied",
  "sandbox-process-ended",
  "http-unreachable",
  "http-tls",
  "http-timeout",
  "http-too-large",
] as const satisfies readonly ErrorCode[];

/** The closed set of codes of a `SandboxError`. */
export type SandboxErrorCode =
  | (typeof usageCodes)[number]
  | (typeof machineCodes)[number]
  | (typeof connectionCodes)[number]
  | "internal";

/**
 * Every error that the sandbox throws, or rejects with: what is wrong with which value (`message`), a stable `code`,
 * and what to do next (`next`). Its subclasses say which side is at fault; an error of this class itself is a defect of
 * the sandbox (`internal`).
 *
 * @example
 * ```ts
 * const thrown = await sandbox.seed(seed).catch((error: unknown) => error);
 * if (thrown instanceof SandboxError) console.error(`${thrown.code}: ${thrown.message} ${thrown.next}`);
 * ```
 */
export class SandboxError extends PodtrustError {
  override readonly name: string = "SandboxError";
  declare readonly code: SandboxErrorCode;

  /**
   * By default `next` is the code's own sentence, and `detail` is empty.
   *
   * @default {}
   */
  constructor(code: SandboxErrorCode, message: string, options: ErrorOptions = {}) {
    super(code, message, options);
  }
}

/**
 * The call is wrong: an option, a seed, a name, a time that goes back. Correct what the message names.
 *
 * @default `next` is the code's own sentence, and `detail` is empty
 * @example
 * ```ts
 * await assert.rejects(startSandbox({ account: "12" }), SandboxUsageError);
 * ```
 */
export class SandboxUsageError extends SandboxError {
  override readonly name: string = "SandboxUsageError";
}

/**
 * The machine does not allow it: the port is taken, the state folder is in use, a file cannot be written.
 *
 * @default `next` is the code's own sentence, and `detail` is empty
 * @example
 * ```ts
 * await assert.rejects(startSandbox({ port: Number(new URL(sandbox.url).port) }), SandboxMachineError);
 * ```
 */
export class SandboxMachineError extends SandboxError {
  override readonly name: string = "SandboxMachineError";
}

/**
 * A sandbox in another process does not answer: it has ended, cannot be reached, or has another token.
 *
 * @default `next` is the code's own sentence, and `detail` is empty
 * @example
 * ```ts
 * await assert.rejects(connectSandbox({ url: sandbox.url, token: "x".repeat(32) }), SandboxConnectionError);
 * ```
 */
export class SandboxConnectionError extends SandboxError {
  override readonly name: string = "SandboxConnectionError";
}

const classes = [
  { codes: usageCodes, make: SandboxUsageError },
  { codes: machineCodes, make: SandboxMachineError },
  { codes: connectionCodes, make: SandboxConnectionError },
] as const;

/** A listener that Node could not open. */
function isListening(thrown: unknown): boolean {
  return thrown instanceof Error && "syscall" in thrown && thrown.syscall === "listen";
}

/** A thrown value as a SandboxError of its code's class; without a code it becomes the cause of a defect. */
export function asSandboxError(thrown: unknown): SandboxError {
  if (thrown instanceof SandboxError) return thrown;
  if (isListening(thrown))
    return new SandboxMachineError("sandbox-listen", errorText(thrown), { cause: thrown });
  const { code, message, next, detail } = asPodtrustError(thrown);
  for (const { codes, make } of classes) {
    const found = codes.find((one) => one === code);
    if (found !== undefined) return new make(found, message, { next, detail, cause: thrown });
  }
  return new SandboxError("internal", message, { cause: thrown });
}
