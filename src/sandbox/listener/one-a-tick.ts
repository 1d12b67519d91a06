import type { Exchange } from "../../core/listener/index.ts";

interface QueuedExchange {
  readonly exchange: Exchange;
  readonly begin: (exchange: Exchange) => void;
}

/**
 * Starts the work of requests one by one, in order of arrival, with a turn of the event loop in between. A turn accepts
 * one new connection, and reads what others have sent: without this, two hundred busy connections do all their work in
 * each turn, and the next new one waits seconds.
 */
export class OneATick {
  readonly #waiting: QueuedExchange[] = [];
  /** How many of those have had their turn. */
  #begun = 0;

  /** Calls `begin` in a turn of its own; never if the client has gone before. */
  take(exchange: Exchange, begin: (exchange: Exchange) => void): void {
    this.#waiting.push({ exchange, begin });
    if (this.#waiting.length === 1) setImmediate(() => this.#next());
  }

  #next(): void {
    const first = this.#waiting[this.#begun];
    this.#begun += 1;
    const isLast = this.#begun === this.#waiting.length;
    // An array's own shift would move the whole rest, each time.
    if (isLast || this.#begun === 1024) {
      this.#waiting.splice(0, this.#begun);
      this.#begun = 0;
    }
    if (!isLast) setImmediate(() => this.#next());
    if (first !== undefined && !first.exchange.over.aborted) first.begin(first.exchange);
  }
}
