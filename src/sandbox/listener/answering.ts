import { ChildAbort } from "../../core/base/index.ts";
import type { Exchange } from "../../core/listener/index.ts";
import { closeListener, openChosenListener } from "./listener.ts";

export interface AnsweringOptions {
  /** An address of this machine; loopback keeps other machines out. */
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  /** Answers one exchange; the signal is aborted when the exchange ends, and when the server closes. */
  readonly answer: (exchange: Exchange, signal: AbortSignal) => Promise<void>;
}

/** A listening server that waits for the work of its answers. */
export interface AnsweringServer {
  /** `http://127.0.0.1:4566` */
  readonly url: string;
  readonly port: number;
  /** Aborts running answers, waits for them, and cuts every connection. */
  close(): Promise<void>;
}

/** Starts a plain HTTP server that answers each exchange with asynchronous work. Throws `sandbox-listen`. */
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
        // The client disconnected, the server closes, or the answer failed: nothing more can be sent.
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
