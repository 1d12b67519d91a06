import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { collectBody, type WholeBodies } from "./body.ts";
import type { Connection, Protocol } from "./connection.ts";

/** One request and its answer, within the bounds of its listener. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** Aborted when the answer is out, or the connection is gone. */
  readonly over: AbortSignal;
  /**
   * The body, at most `maxBytes` bytes; throws BodyRefused, or as the stream does when the client breaks off. What it
   * holds is given back when the exchange is over. `room`: waited for before each further part of a large one.
   */
  readBody(maxBytes: number, room?: () => Promise<void>): Promise<Buffer>;
  /** So many bytes of memory beside the body were needed for it, or are for a moment, and V8 is to collect them in time. */
  readonly dropped: (bytes: number) => void;
}

export interface ExchangeBounds {
  /** From the last header to the last byte of the answer, in milliseconds. */
  readonly exchangeMs: number;
  /** Requests of a connection that wait for their answers. */
  readonly maxPipelined: number;
}

/** What a listener reads requests with. */
export interface Reading {
  readonly bounds: ExchangeBounds;
  readonly bodies: WholeBodies;
}

/**
 * The size from which on a body is large: V8 has to be asked to collect it, where smaller ones it collects in time by itself,
 * and the rest of it waits for room.
 */
const largeBody = 64 * 1024;

/** The requests of one connection by Node's own HTTP/1.1. */
export class Requests implements Protocol {
  readonly name = "http/1.1";
  readonly #socket: Socket;
  readonly #connection: Connection;
  readonly #reading: Reading;
  /** Those without an answer, by how to end them. */
  readonly #open = new Set<() => void>();
  /** Bytes of bodies that have not come to their end. */
  #coming = 0;
  /** Bytes of answers that waited at the last look, and since when none of them moved. */
  #left = 0;
  #moved = 0;

  constructor(socket: Socket, connection: Connection, reading: Reading) {
    this.#socket = socket;
    this.#connection = connection;
    this.#reading = reading;
    socket.once("close", () => {
      for (const end of this.#open) end();
    });
  }

  get stalledSince(): number | undefined {
    const left = this.#socket.writableLength;
    if (left !== this.#left) this.#move();
    this.#left = left;
    return left === 0 ? undefined : this.#moved;
  }

  close(): void {
    if (this.#open.size > 0) return;
    this.#connection.closing();
    this.#socket.end();
  }

  timeOut(): boolean {
    return false;
  }

  /**
   * Begins an exchange; undefined for one too many on its connection, which is then closed. An answer that still queues
   * behind another one says nothing of its connection's end, so that the connection is asked.
   */
  begin(incoming: IncomingMessage, outgoing: ServerResponse): Exchange | undefined {
    const { bounds, bodies } = this.#reading;
    if (this.#open.size >= bounds.maxPipelined) {
      this.#socket.destroy();
      return undefined;
    }
    const over = new AbortController();
    let [coming, whole, answering] = [0, 0, false];
    const comes = (bytes: number): void => {
      if (over.signal.aborted) return;
      this.#coming += bytes - coming;
      coming = bytes;
      this.#hold();
    };
    const came = (bytes: number): void => {
      if (over.signal.aborted) return;
      answering = true;
      this.#connection.requested(bytes);
      this.#connection.answering(1);
      whole = coming;
      bodies.hold(whole);
      comes(0);
    };
    const answered = (): void => {
      this.#move();
      if (whole >= largeBody) this.#connection.dropped(whole / 2);
      if (answering) this.#connection.answering(-1);
      answering = false;
      bodies.hold(-whole);
      whole = 0;
      comes(0);
    };
    const timer = setTimeout(() => this.#socket.destroy(), bounds.exchangeMs);
    const end = (): void => {
      if (!this.#open.delete(end)) return;
      clearTimeout(timer);
      answered();
      over.abort(new Error("the exchange is over"));
    };
    this.#open.add(end);
    outgoing.once("prefinish", answered);
    outgoing.once("close", end);
    if (hasBody(incoming)) this.#connection.asking();
    else came(0);
    return {
      incoming,
      outgoing,
      over: over.signal,
      dropped: this.#connection.dropped,
      async readBody(maxBytes, room) {
        // A small one never waits: large ones that wait for their answer would keep it from its own.
        const ready = (): Promise<void> | undefined =>
          coming < largeBody ? undefined : (bodies.room(over.signal) ?? room?.());
        const bytes = await collectBody(incoming, maxBytes, { held: comes, ready });
        if (hasBody(incoming)) came(bytes.length);
        return bytes;
      },
    };
  }

  #move(): void {
    this.#moved = this.#connection.clock.elapsed();
  }

  #hold(): void {
    this.#connection.hold(this.#coming + this.#socket.writableLength);
  }
}

/** RFC 9112 §6: whether a request has a body. */
function hasBody({ headers }: IncomingMessage): boolean {
  const { "content-length": length, "transfer-encoding": encoding } = headers;
  return encoding !== undefined || (length !== undefined && length !== "0");
}
