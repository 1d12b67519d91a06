import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from "node:http2";
import { performance } from "node:perf_hooks";
import type { TLSSocket } from "node:tls";
import type { HttpAnswer } from "./answer.ts";
import type { Connection, Protocol } from "../../core/listener/index.ts";
import type { ServingDeps } from "./deps.ts";
import type { ServingLimits } from "../serving-limits.ts";

/** Limits of one HTTP/2 session; each names its attack if that has a name. */
export function http2Options(limits: ServingLimits): ServerOptions {
  // In Node's documentation but not yet in its types.
  const settingsFlood = { maxOutstandingSettings: 4 };
  return {
    ...settingsFlood,
    settings: {
      maxConcurrentStreams: limits.http2Streams,
      maxHeaderListSize: limits.headerBytes,
      enablePush: false,
    },
    maxSessionMemory: limits.http2SessionMemory,
    maxHeaderListPairs: 64,
    // CVE-2019-9512 (ping flood) and CVE-2019-9515 (settings flood).
    maxOutstandingPings: 4,
    maxSettings: 16,
    // CVE-2023-44487 (rapid reset).
    streamResetBurst: limits.http2ResetBurst,
    streamResetRate: limits.http2ResetRate,
    maxSessionInvalidFrames: 16,
    maxSessionRejectedStreams: 64,
    // Our own headers are correct; checking each answer for duplicates costs more than finding its document.
    strictSingleValueFields: false,
  };
}

/** Characters of all names and values: decoded, not as sent. */
function sizeOf(fields: readonly string[]): number {
  let size = 0;
  for (const text of fields) size += text.length;
  return size;
}

const endStream = { endStream: true } as const;
const ignore = (): void => {};

/** Node's memory for an open stream, roughly: two halves, their states and the request's header fields. */
const streamBytes = 8192;

/** An answer that waits for its turn. */
interface QueuedAnswer {
  readonly stream: ServerHttp2Stream;
  readonly answer: HttpAnswer;
  begun: boolean;
}

/**
 * HTTP/2 by Node's stream API on a socket that agreed on h2. A client may keep its windows shut: only a limited amount
 * is answered at once, and the rest waits.
 */
export class Http2 implements Protocol {
  readonly name = "h2";
  readonly #session: ServerHttp2Session;
  readonly #connection: Connection;
  readonly #deps: ServingDeps;
  readonly #waiting: QueuedAnswer[] = [];
  #streams = 0;
  /** Bytes of unfinished answers. */
  #answering = 0;
  /** When a stream last closed, or began as the only one. */
  #moved = 0;

  constructor(socket: TLSSocket, connection: Connection, deps: ServingDeps, options: ServerOptions) {
    this.#connection = connection;
    this.#deps = deps;
    const { tallies } = deps;
    const session = performServerHandshake(socket, options);
    this.#session = session;
    tallies.open.h2 += 1;
    session.once("close", () => (tallies.open.h2 -= 1));
    // A session's errors are the client's; Node has closed it by then.
    session.on("error", () => (tallies.cutOff.malformed += 1));
    session.on("stream", (stream, headers, flags, fields) => this.#answer(stream, headers, flags, fields));
  }

  get stalledSince(): number | undefined {
    return this.#streams > 0 ? this.#moved : undefined;
  }

  close(): void {
    if (this.#session.destroyed) return;
    this.#session.close();
    this.#connection.closing();
  }

  timeOut(): boolean {
    return false;
  }

  #answer(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    flags: number,
    fields: readonly string[],
  ): void {
    // A reset by the client is no fault of ours; without a listener it would end the process.
    stream.on("error", ignore);
    if (stream.destroyed) return;
    const begun = performance.now();
    this.#connection.requested();
    if (this.#streams === 0) this.#moved = this.#connection.clock.elapsed();
    this.#streams += 1;
    const answer = this.#answerTo(headers, fields);
    // RFC 9113 §8.1: content without use is not waited for.
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) === 0)
      stream.once("finish", () => stream.close(constants.NGHTTP2_NO_ERROR));
    if (this.#mayBegin(answer)) {
      stream.on("close", () => this.#ended(answer.body.length));
      this.#begin(stream, answer);
    } else {
      const waiting = { stream, answer, begun: false };
      stream.on("close", () => this.#ended(waiting.begun ? answer.body.length : 0));
      this.#waiting.push(waiting);
    }
    this.#hold();
    answer.tally.count += 1;
    this.#deps.tallies.latency.took((performance.now() - begun) / 1000);
  }

  #answerTo(headers: IncomingHttpHeaders, fields: readonly string[]): HttpAnswer {
    const { site, limits } = this.#deps;
    // SETTINGS_MAX_HEADER_LIST_SIZE is only advisory: nghttp2 accepts up to 64 KiB anyway.
    if (sizeOf(fields) > limits.headerBytes) return site().problem(431);
    return site().answer({
      method: headers[":method"] ?? "",
      authority: headers[":authority"] ?? headers.host,
      target: headers[":path"] ?? "",
      ifNoneMatch: headers["if-none-match"],
      acceptEncoding: headers["accept-encoding"],
    });
  }

  #mayBegin({ body }: HttpAnswer): boolean {
    const { http2OutputBytes } = this.#deps.limits;
    return this.#answering === 0 || this.#answering + body.length <= http2OutputBytes;
  }

  #begin(stream: ServerHttp2Stream, answer: HttpAnswer): void {
    const bodiless = stream.writableEnded || answer.body.length === 0;
    const fields = answer.at(this.#deps.date.text).http2 as readonly string[];
    this.#answering += answer.body.length;
    stream.respond(fields, bodiless ? endStream : undefined);
    if (!bodiless) stream.end(answer.body);
  }

  #ended(bytes: number): void {
    this.#streams -= 1;
    this.#answering -= bytes;
    this.#moved = this.#connection.clock.elapsed();
    for (
      let next = this.#waiting[0];
      next !== undefined && this.#mayBegin(next.answer);
      next = this.#waiting[0]
    ) {
      this.#waiting.shift();
      if (next.stream.destroyed || next.stream.closed) continue;
      next.begun = true;
      this.#begin(next.stream, next.answer);
    }
    this.#hold();
  }

  #hold(): void {
    // Node keeps an unfinished answer twice: as given, and as input of the encryption.
    this.#connection.hold(2 * this.#answering + this.#streams * streamBytes);
  }
}
