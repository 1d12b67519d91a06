import type { Exchange } from "../../core/listener/index.ts";

interface HeldExchange {
  readonly exchange: Exchange;
  readonly begin: (exchange: Exchange) => void;
}

/**
 * Begins the work of requests one by one, in the order in which they came, and lets the event loop turn in between. A
 * turn of the loop accepts one new connection, and reads whatever others have sent: without this, two hundred busy
 * connections do all their work in each turn, and the next new one waits seconds for the turns before it.
 */
export class OneATick {
  readonly #waiting: HeldExchange[] = [];
  /** Of those, how many have had their turn. */
  #begun = 0;

  /** Has `begin` called in a turn of its own; never where the client has gone before. */
  take(exchange: Exchange, begin: (exchange: Exchange) => void): void {
    this.#waiting.push({ exchange, begin });
    if (this.#waiting.length === 1) setImmediate(() => this.#next());
  }

  #next(): void {
    const first = this.#waiting[this.#begun];
    this.#begun += 1;
    const isLast = this.#begun === this.#waiting.length;
    // An array's own shift would move all that is behind, each time.
    if (isLast || this.#begun === 1024) {
      this.#waiting.splice(0, this.#begun);
      this.#begun = 0;
    }
    if (!isLast) setImmediate(() => this.#next());
    if (first !== undefined && !first.exchange.over.aborted) first.begin(first.exchange);
  }
}
