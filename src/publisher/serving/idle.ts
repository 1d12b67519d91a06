import { performance } from "node:perf_hooks";
import type { Socket } from "node:net";

interface Watched {
  bytes: number;
  since: number;
  readonly end: () => void;
}

/** How often connections are looked at, in milliseconds. */
const every = 1000;

/**
 * Ends connections over which nothing moved for a while: idle ones, and those whose peer takes no answer. One
 * look a second at all of them costs less than Node's timers, which are set anew with each request.
 */
export class IdleWatch {
  readonly #watched = new Map<Socket, Watched>();
  readonly #allowed: number;
  readonly #timer: NodeJS.Timeout;

  /** `allowed`: milliseconds of silence. */
  constructor(allowed: number) {
    this.#allowed = allowed;
    this.#timer = setInterval(() => this.#look(), Math.min(every, allowed)).unref();
  }

  /** Watches a connection until it closes; `end` is called once, after too long a silence. */
  watch(socket: Socket, end: () => void): void {
    this.#watched.set(socket, { bytes: -1, since: performance.now(), end });
    socket.once("close", () => this.#watched.delete(socket));
  }

  /** Ends what has been silent for two looks: room for whoever comes next. */
  shed(): void {
    this.#look(2 * every);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(allowed = this.#allowed): void {
    const now = performance.now();
    for (const [socket, watched] of this.#watched) {
      const bytes = socket.bytesRead + socket.bytesWritten;
      if (bytes !== watched.bytes) {
        watched.bytes = bytes;
        watched.since = now;
      } else if (now - watched.since >= allowed) {
        this.#watched.delete(socket);
        watched.end();
      }
    }
  }
}
