import { ChildAbort } from "../../core/base/index.ts";
import type { Exchange } from "../../core/listener/index.ts";
import { closeListener, openChosenListener } from "./listener.ts";

export interface AnsweringOptions {
  /** An address of this machine; loopback keeps other machines out. */
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  /** Sends the answer to one exchange; the signal ends with the exchange, and when the server closes. */
  readonly answer: (exchange: Exchange, signal: AbortSignal) => Promise<void>;
}

/** A listening server whose answers are work that it waits for. */
export interface AnsweringServer {
  /** `http://127.0.0.1:4566` */
  readonly url: string;
  readonly port: number;
  /** Ends what is being answered, waits for it, and cuts every connection. */
  close(): Promise<void>;
}

/** Starts a plain HTTP server that answers each exchange with work of its own. Throws `sandbox-listen`. */
export async function openAnsweringServer({
  address,
  port,
  answer,
}: AnsweringOptions): Promise<AnsweringServer> {
  const closing = new AbortController();
  const running = new Set<Promise<void>>();
  const listener = await openChosenListener({
    address,
    port,
    onExchange(exchange) {
      const either = new ChildAbort(closing.signal, exchange.over);
      const work = answer(exchange, either.signal)
        // The client broke off, the server closes, or the answer failed: nothing can be said any more.
        .catch(() => void exchange.outgoing.destroy())
        .finally(() => {
          either.release();
          running.delete(work);
        });
      running.add(work);
    },
  });
  const host = address.includes(":") ? `[${address}]` : address;
  return {
    url: `http://${host}:${listener.port}`,
    port: listener.port,
    async close() {
      closing.abort(new Error("the sandbox is closing"));
      listener.server.closeIdleConnections();
      await Promise.allSettled(running);
      await closeListener(listener);
    },
  };
}
