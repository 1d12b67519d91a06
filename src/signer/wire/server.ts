import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { type Clock, TimeLimit } from "../../core/base/index.ts";
import { CallFailed, type GrpcCode, pathOfCall, readMessage, sendFailure, sendMessage } from "./call.ts";

/** What answers a call: its request's message to its response's. Throws `CallFailed` for what a caller may know. */
export type Method = (request: Buffer, signal: AbortSignal) => Promise<Buffer> | Buffer;

/** How a call ended, for log and metrics. */
export interface CallEnded {
  /** `Sign`, `FetchKeys`, `Metadata`; `other` for what is no method. */
  readonly method: string;
  readonly code: GrpcCode;
  readonly seconds: number;
  /** What was thrown: for the log, never for the caller. */
  readonly error?: unknown;
}

export interface GrpcServerOptions {
  readonly clock: Clock;
  /** `/v1.ExternalJWTSigner/` */
  readonly service: string;
  readonly methods: Readonly<Record<string, Method>>;
  readonly ended: (call: CallEnded) => void;
}

/** Limits for a client of the socket. */
const limits = {
  /** API servers keep one open. */
  connections: 16,
  streams: 256,
  /** Of a request's message, in bytes. */
  message: 64 * 1024,
  headerBytes: 8 * 1024,
  /** Megabytes that Node keeps for one connection. */
  sessionMegabytes: 4,
  /** From a request's header to its answer, in milliseconds; the API server waits ten seconds. */
  call: 10_000,
  /** For calls to end when the server does. */
  draining: 2000,
} as const;

const tooLate = (): CallFailed => new CallFailed("deadlineExceeded", "the signer took too long");
const failedInside = (cause: unknown): CallFailed =>
  new CallFailed("internal", "the signer failed, its log says why", cause);

/** Unary calls of gRPC over HTTP/2 without TLS, for a unix socket: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
export class GrpcServer {
  readonly server: Http2Server;
  readonly #options: GrpcServerOptions;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #over = new AbortController();

  constructor(options: GrpcServerOptions) {
    this.#options = options;
    this.server = createServer({
      maxSessionMemory: limits.sessionMegabytes,
      settings: { maxConcurrentStreams: limits.streams, maxHeaderListSize: limits.headerBytes },
    });
    this.server.maxConnections = limits.connections;
    this.server.on("session", (session) => this.#follow(session));
    this.server.on("sessionError", () => {});
    this.server.on("stream", (stream: ServerHttp2Stream, headers) => void this.#answer(stream, headers));
  }

  /** Accepts no more calls, lets those under way end for two seconds, and resolves when no client is connected. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const session of this.#sessions) session.close();
    const limit = new TimeLimit(this.#options.clock, { ms: limits.draining, signal: this.#over.signal });
    limit.signal.addEventListener("abort", () => {
      for (const session of this.#sessions) session.destroy();
    });
    await closed;
    await limit.end();
  }

  #follow(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.on("error", () => {});
    session.once("close", () => this.#sessions.delete(session));
  }

  async #answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const { clock, ended } = this.#options;
    const begun = clock.elapsed();
    // The other side may reset its stream at any moment; reading and writing then reject or do nothing.
    stream.on("error", () => {});
    const { method, outcome } = await this.#outcomeOf(stream, headers);
    const seconds = (clock.elapsed() - begun) / 1000;
    const isFailure = outcome instanceof CallFailed;
    if (!stream.destroyed && !stream.closed) {
      if (isFailure) sendFailure(stream, outcome);
      else sendMessage(stream, outcome);
    }
    ended(
      isFailure
        ? { method, seconds, code: outcome.code, error: outcome.cause ?? outcome }
        : { method, seconds, code: "ok" },
    );
  }

  async #outcomeOf(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
  ): Promise<{ readonly method: string; readonly outcome: Buffer | CallFailed }> {
    let method = "other";
    const limit = new TimeLimit(this.#options.clock, {
      ms: limits.call,
      signal: this.#over.signal,
      reason: tooLate,
    });
    try {
      const path = pathOfCall(headers);
      const name = path.slice(this.#options.service.length);
      const isOurs = path.startsWith(this.#options.service) && Object.hasOwn(this.#options.methods, name);
      const answering = isOurs ? this.#options.methods[name] : undefined;
      if (answering === undefined) throw new CallFailed("unimplemented", "the signer has no such method");
      method = name;
      const work = async (): Promise<Buffer> =>
        answering(await readMessage(stream, limits.message), limit.signal);
      return { method, outcome: await Promise.race([work(), rejectedBy(limit.signal)]) };
    } catch (error) {
      return { method, outcome: error instanceof CallFailed ? error : failedInside(error) };
    } finally {
      await limit.end();
    }
  }
}

/** Rejects with a signal's reason once it is aborted. */
function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
