import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { BodyBudget, readBody } from "./body.ts";

/** One request and its answer, within the bounds of its listener. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** Aborted when the answer is out, or the connection is gone. */
  readonly over: AbortSignal;
  /** The body, at most `largest` bytes; throws BodyRefused. What it holds is given back when the exchange is over. */
  readBody(largest: number): Promise<Buffer>;
}

/** All bodies that the stand-ins of this process hold at once, in bytes. */
const bodies = new BodyBudget(64 * 1024 * 1024);

/**
 * The exchanges of each connection. An answer that still queues behind another one says nothing of its connection's
 * end, so that the connection is asked.
 */
const open = new WeakMap<Socket, Set<() => void>>();

function exchangesOf(socket: Socket): Set<() => void> {
  const known = open.get(socket);
  if (known !== undefined) return known;
  const made = new Set<() => void>();
  open.set(socket, made);
  socket.once("close", () => {
    for (const end of made) end();
  });
  return made;
}

export interface ExchangeBounds {
  /** From the last header to the last byte of the answer, in milliseconds. */
  readonly exchangeMs: number;
  /** Requests of a connection that wait for their answers; no client of AWS, ACME or Kubernetes sends ahead. */
  readonly maxPipelined: number;
}

/** Begins an exchange; undefined for one too many on its connection, which is then gone. */
export function openExchange(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  bounds: ExchangeBounds,
): Exchange | undefined {
  const { socket } = incoming;
  const exchanges = exchangesOf(socket);
  if (exchanges.size >= bounds.maxPipelined) {
    socket.destroy();
    return undefined;
  }
  const over = new AbortController();
  let held = 0;
  const timer = setTimeout(() => socket.destroy(), bounds.exchangeMs);
  const end = (): void => {
    clearTimeout(timer);
    exchanges.delete(end);
    bodies.give(held);
    held = 0;
    over.abort(new Error("the exchange is over"));
  };
  exchanges.add(end);
  outgoing.once("close", end);
  return {
    incoming,
    outgoing,
    over: over.signal,
    readBody: (largest) =>
      readBody(incoming, largest, bodies, (bytes) => {
        // What comes after the end would not be given back.
        if (over.signal.aborted) bodies.give(bytes);
        else held += bytes;
      }),
  };
}
