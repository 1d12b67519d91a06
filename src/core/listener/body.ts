import type { IncomingMessage } from "node:http";
import { collectBytes } from "../base/index.ts";

/** A body that was not read, since it is larger than is taken; `status` is HTTP's for it. */
export class BodyRefused extends Error {
  override readonly name = "BodyRefused";
  readonly status = 413;

  constructor() {
    super("the request's body is too large");
  }
}

/** Bodies that were read whole and wait for their answer, of all clients of a server. Other large ones wait unread for their turn. */
export class WholeBodies {
  readonly #maxBytes: number;
  readonly #waiting = new Set<() => void>();
  #held = 0;

  /** `maxBytes`: bytes from which on no large body is read on. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that are held now. */
  get held(): number {
    return this.#held;
  }

  /** So many bytes more, or fewer. */
  hold(more: number): void {
    this.#held += more;
    if (this.#held >= this.#maxBytes) return;
    for (const go of this.#waiting) go();
    this.#waiting.clear();
  }

  /** Until more may be read, or the signal is aborted. */
  room(over: AbortSignal): Promise<void> | undefined {
    if (this.#held < this.#maxBytes || over.aborted) return undefined;
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
      over.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}

/**
 * Reads a body of at most `maxBytes` bytes. `held` gets the memory that it takes so far, by bytes received and not by
 * what was announced; before each part `ready` is waited for. Rejects with BodyRefused, or as the stream does when the
 * client breaks off.
 */
export async function collectBody(
  incoming: IncomingMessage,
  maxBytes: number,
  { held, ready }: { held: (bytes: number) => void; ready: () => Promise<void> | undefined },
): Promise<Buffer> {
  if (Number(incoming.headers["content-length"] ?? 0) > maxBytes) throw new BodyRefused();
  try {
    return await collectBytes(incoming as AsyncIterable<Buffer>, maxBytes, (bytes) => {
      held(bytes);
      return ready();
    });
  } catch (error) {
    throw error instanceof RangeError ? new BodyRefused() : error;
  }
}
