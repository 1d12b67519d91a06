/** The side that AWS blames: the query protocol's `<Type>`. */
export type FaultType = "Sender" | "Receiver";

export interface AwsErrorOptions {
  /** The HTTP status; 400 by default. */
  readonly status?: number;
  /** `Sender` by default, unless the status is 500 or more. */
  readonly type?: FaultType;
  /** The name of our rule that decided, for the log and the page. */
  readonly rule?: string;
  /** One sentence for users, which AWS does not give. Never a secret. */
  readonly why?: string;
  /** What to do about it. */
  readonly next?: string;
  readonly cause?: unknown;
}

/**
 * A refusal with AWS's own code, text and status. Clients of the sandbox get it: `message` may say no more than AWS
 * would.
 */
export class AwsError extends Error {
  override readonly name: string = "AwsError";
  readonly code: string;
  readonly status: number;
  readonly type: FaultType;
  readonly rule: string | undefined;
  readonly why: string | undefined;
  readonly next: string | undefined;

  constructor(code: string, message: string, options: AwsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status ?? 400;
    this.type = options.type ?? (this.status >= 500 ? "Receiver" : "Sender");
    this.rule = options.rule;
    this.why = options.why;
    this.next = options.next;
  }
}
