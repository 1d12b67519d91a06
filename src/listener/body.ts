import type { IncomingMessage } from "node:http";

/** A body that was not read, since it is larger than is taken; `status` is HTTP's for it. */
export class BodyRefused extends Error {
  override readonly name = "BodyRefused";
  readonly status = 413;

  constructor() {
    super("the request's body is too large");
  }
}

/** Bodies that were read whole and wait for their answer, of all clients of a server. Others wait unread for their turn. */
export class WholeBodies {
  readonly #most: number;
  readonly #waiting = new Set<() => void>();
  #held = 0;

  /** `most`: bytes from which on nothing more is read. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes that are held now. */
  get held(): number {
    return this.#held;
  }

  /** So many bytes more, or fewer. */
  hold(more: number): void {
    this.#held += more;
    if (this.#held >= this.#most) return;
    for (const go of this.#waiting) go();
    this.#waiting.clear();
  }

  /** Until more may be read, or the signal is aborted. */
  room(over: AbortSignal): Promise<void> | undefined {
    if (this.#held < this.#most || over.aborted) return undefined;
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
      over.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}

const smallest = 4096;

/** Bytes that come in parts, in one piece of memory: a thousand parts of one byte are no thousand objects. */
class Growing {
  #bytes = Buffer.alloc(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** What is taken of memory. */
  get held(): number {
    return this.#bytes.length;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#size);
  }

  add(part: Buffer, largest: number): void {
    const size = this.#size + part.length;
    if (size > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.min(largest, Math.max(size, 2 * this.#bytes.length, smallest)),
      );
      this.#bytes.copy(grown, 0, 0, this.#size);
      this.#bytes = grown;
    }
    part.copy(this.#bytes, this.#size);
    this.#size = size;
  }
}

/**
 * Reads a body of at most `largest` bytes. `held` is told what it takes of memory so far, by bytes that came and not by
 * what was announced; before each part `ready` is waited for. Rejects with BodyRefused, or as the stream does when the
 * client breaks off.
 */
export async function collectBody(
  incoming: IncomingMessage,
  largest: number,
  { held, ready }: { held: (bytes: number) => void; ready: () => Promise<void> | undefined },
): Promise<Buffer> {
  if (Number(incoming.headers["content-length"] ?? 0) > largest) throw new BodyRefused();
  const body = new Growing();
  for await (const part of incoming as AsyncIterable<Buffer>) {
    if (body.size + part.length > largest) throw new BodyRefused();
    body.add(part, largest);
    held(body.held);
    await ready();
  }
  return body.bytes;
}
