import type { IncomingMessage } from "node:http";

/** Why a body is not read: it is larger than the server takes, or too many are being read. */
export type BodyRefusal = "too-large" | "busy";

const refusals = {
  "too-large": { status: 413, message: "the request's body is too large" },
  busy: { status: 503, message: "too many bodies are being read: try again in a moment" },
} as const;

/** A body that was not read; `status` is HTTP's for it. */
export class BodyRefused extends Error {
  override readonly name = "BodyRefused";
  readonly refusal: BodyRefusal;
  readonly status: number;

  constructor(refusal: BodyRefusal) {
    super(refusals[refusal].message);
    this.refusal = refusal;
    this.status = refusals[refusal].status;
  }
}

/** How many bytes of bodies a process holds at once: what all connections together can make it keep. */
export class BodyBudget {
  readonly #most: number;
  #held = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes that are held now. */
  get held(): number {
    return this.#held;
  }

  /** False when they would be too many. */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.#most) return false;
    this.#held += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#held -= bytes;
  }
}

/**
 * Reads a request's body of at most `largest` bytes; each part is taken from the budget, and `held` is told of it.
 * Rejects with BodyRefused, or as the stream does when the client breaks off.
 */
export async function readBody(
  incoming: IncomingMessage,
  largest: number,
  budget: BodyBudget,
  held: (bytes: number) => void,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > largest) throw new BodyRefused("too-large");
    if (!budget.take(part.length)) throw new BodyRefused("busy");
    held(part.length);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
