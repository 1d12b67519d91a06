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
import type { Answer } from "./answer.ts";
import type { ServingDeps } from "./deps.ts";
import type { HttpDate } from "./http-date.ts";
import type { IdleWatch } from "./idle.ts";
import type { ServingLimits } from "./limits.ts";
import type { Site } from "./site.ts";
import type { Tallies } from "./tallies.ts";

/** Bounds of one HTTP/2 session; each names the attack that it stands against where it has a name. */
function http2Options(limits: ServingLimits): ServerOptions {
  // In Node's documentation and not yet in its types.
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
    // Our own headers are right; looking for doubles in each answer costs more than finding its document.
    strictSingleValueFields: false,
  };
}

/** Characters of all names and values: what they decode to, not what they took on the wire. */
function sizeOf(fields: readonly string[]): number {
  let size = 0;
  for (const text of fields) size += text.length;
  return size;
}

const endStream = { endStream: true } as const;
const ignore = (): void => {};

/** HTTP/2 by Node's stream API on sockets that agreed on h2. */
export class Http2Sessions {
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #options: ServerOptions;
  readonly #limits: ServingLimits;
  readonly #site: () => Site;
  readonly #tallies: Tallies;
  readonly #date: HttpDate;
  readonly #idle: IdleWatch;

  constructor(deps: ServingDeps) {
    const { limits, tallies } = deps;
    this.#site = deps.site;
    this.#date = deps.date;
    this.#idle = deps.idle;
    this.#limits = limits;
    this.#options = http2Options(limits);
    this.#tallies = tallies;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Speaks HTTP/2 on a socket. */
  serve(socket: TLSSocket): void {
    const session = performServerHandshake(socket, this.#options);
    this.#sessions.add(session);
    this.#tallies.open.h2 += 1;
    const aged = setTimeout(() => this.#end(session), this.#limits.http2SessionAge);
    aged.unref();
    session.once("close", () => {
      clearTimeout(aged);
      this.#sessions.delete(session);
      this.#tallies.open.h2 -= 1;
    });
    // A session's errors are the client's; Node has closed it by then.
    session.on("error", () => (this.#tallies.cutOff.malformed += 1));
    this.#idle.watch(socket, () => this.#end(session));
    session.on("stream", (stream, headers, flags, fields) => {
      // SETTINGS_MAX_HEADER_LIST_SIZE is a request: nghttp2 takes up to 64 KiB all the same.
      if (sizeOf(fields) > this.#limits.headerBytes) this.#send(stream, this.#site().problem(431), flags);
      else this.#answer(stream, headers, flags);
    });
  }

  /** Asks every client to go: what runs may end, nothing new is taken. */
  drain(): void {
    for (const session of this.#sessions) session.close();
  }

  #end(session: ServerHttp2Session): void {
    if (session.destroyed) return;
    session.close();
    // A peer that holds its streams open by a closed window does not keep us.
    setTimeout(() => session.destroy(), this.#limits.requestTimeout).unref();
  }

  #answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number): void {
    const begun = performance.now();
    const answer = this.#site().answer({
      method: headers[":method"] ?? "",
      authority: headers[":authority"] ?? headers.host,
      target: headers[":path"] ?? "",
      ifNoneMatch: headers["if-none-match"],
      acceptEncoding: headers["accept-encoding"],
    });
    this.#send(stream, answer, flags);
    this.#tallies.took((performance.now() - begun) / 1000);
  }

  #send(stream: ServerHttp2Stream, answer: Answer, flags: number): void {
    // A reset by the client is no fault of ours, and without a listener it would end the process.
    stream.on("error", ignore);
    if (stream.destroyed) return;
    const bodiless = stream.writableEnded || answer.body.length === 0;
    const fields = answer.at(this.#date.text).http2 as readonly string[];
    stream.respond(fields, bodiless ? endStream : undefined);
    if (!bodiless) stream.end(answer.body);
    // RFC 9113 §8.1: content that has no use is not waited for.
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) === 0) {
      stream.once("finish", () => stream.close(constants.NGHTTP2_NO_ERROR));
    }
    answer.tally.count += 1;
  }
}
