import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { drainServer, type ListenAddress } from "../../admin/index.ts";
import { type Clock, collectBytes, errorText, type Logger, PodtrustError } from "../../base/index.ts";
import { isDeeper } from "./depth.ts";
import { injectPath } from "./names.ts";
import type { ReviewAnswer } from "./review.ts";
import type { RequestOutcome, ReviewTallies } from "./tallies.ts";

// As the listener of every daemon: an `import` of it would evaluate what no daemon needs.
const { createServer } = process.getBuiltinModule("node:https");

export interface ReviewServerOptions {
  readonly listen: ListenAddress;
  /** Answers a review; a TypeError for what is none. */
  readonly answer: (review: unknown) => Promise<ReviewAnswer>;
  readonly tallies: ReviewTallies;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A certificate chain and its key, PEM. */
export interface ServingPair {
  readonly certificate: string;
  readonly key: string;
}

/** A pod has 1.5 MB at the most, and its review little beside it. */
const mostBytes = 4 * 1024 * 1024;
/** Of all requests that are being read. */
const mostHeld = 64 * 1024 * 1024;
const mostDepth = 100;
const mostConnections = 512;
/** Of one address, so that no pod takes them all from the API server. */
const mostOfAddress = 64;
/** Longer than API servers keep a connection that they may send the next review on, which is 90 seconds. */
const keepAlive = 120_000;

interface Reply {
  readonly status: number;
  readonly outcome: RequestOutcome;
  readonly body: string;
}

const refusal = (status: number, text: string): Reply => ({ status, outcome: "refused", body: `${text}\n` });

function refusedHead({ method, url, headers }: IncomingMessage): Reply | undefined {
  if (url?.split("?")[0] !== injectPath) return refusal(404, "404 Not Found");
  if (method !== "POST") return refusal(405, "405 Method Not Allowed");
  if (!/^application\/json(?:\s*;|$)/iu.test(headers["content-type"] ?? ""))
    return refusal(415, "415 Unsupported Media Type: a review is application/json");
  return sizeOf(headers["content-length"]) > mostBytes ? tooLarge : undefined;
}

const tooLarge = refusal(413, `413 Content Too Large: ${mostBytes} bytes at the most`);

/** What a request may come to: what it says, else the most. */
function sizeOf(length: string | undefined): number {
  return length === undefined ? mostBytes : Number(length);
}

function parsed(bytes: Buffer): unknown {
  if (isDeeper(bytes, mostDepth)) throw new TypeError("it stands too deep in one another");
  try {
    return JSON.parse(bytes.toString("utf8")) as unknown;
  } catch {
    throw new TypeError("it is not JSON");
  }
}

/** Counts connections by address, and ends those that are too many of one. */
function holdBack(server: Server): void {
  const open = new Map<string, number>();
  server.on("connection", (socket: Socket) => {
    const address = socket.remoteAddress ?? "";
    const count = (open.get(address) ?? 0) + 1;
    open.set(address, count);
    socket.on("close", () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
    if (count > mostOfAddress) socket.destroy();
  });
}

/**
 * The HTTPS server that API servers ask for each new pod. Whoever is in the cluster reaches it: what they send is bounded
 * in bytes, time, depth and connections, and what they get is what the API shows of ServiceAccounts by their pods.
 */
export class ReviewServer {
  readonly #options: ReviewServerOptions;
  readonly #server: Server;
  #held = 0;
  #ending = false;
  #bound: ListenAddress | undefined;

  constructor(options: ReviewServerOptions) {
    this.#options = options;
    this.#server = createServer(
      {
        minVersion: "TLSv1.3",
        handshakeTimeout: 5000,
        maxHeaderSize: 16 * 1024,
        headersTimeout: 5000,
        requestTimeout: 5000,
        keepAliveTimeout: keepAlive,
        connectionsCheckingInterval: 1000,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = mostConnections;
    // A handshake that fails is the peer's matter: the server goes on.
    this.#server.on("tlsClientError", () => {});
    holdBack(this.#server);
  }

  /** Where it listens. */
  get address(): ListenAddress | undefined {
    return this.#bound;
  }

  /** Throws `operator-listen`. Without a certificate every handshake fails. */
  async listen(): Promise<void> {
    const { host, port } = this.#options.listen;
    try {
      this.#server.listen(port, host);
      await once(this.#server, "listening");
    } catch (cause) {
      const sentence = `${host}:${port} could not be listened on for the webhook: ${errorText(cause)}`;
      throw new PodtrustError("operator-listen", sentence, {
        cause,
        next: "Check that no other process uses it, or name another with --webhook-listen.",
      });
    }
    const { address, port: bound } = this.#server.address() as AddressInfo;
    this.#bound = { host: address, port: bound };
  }

  /** New connections get this certificate; those that are open go on. */
  use({ certificate, key }: ServingPair): void {
    this.#server.setSecureContext({ cert: certificate, key, minVersion: "TLSv1.3" });
  }

  /**
   * Answers go on, and each is the last of its connection: one that is closed while the next review is on its way would be
   * an answer lost.
   */
  retire(): void {
    this.#ending = true;
  }

  /** Takes no more connections, and resolves once all is answered. */
  drain(): Promise<void> {
    return drainServer(this.#server);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, tallies } = this.#options;
    const begun = clock.elapsed();
    const reply = await this.#reply(request);
    tallies.count(reply.outcome, (clock.elapsed() - begun) / 1000);
    response.writeHead(reply.status, {
      "Content-Type": reply.status === 200 ? "application/json" : "text/plain; charset=utf-8",
      "Content-Length": Buffer.byteLength(reply.body),
      // What was not read to its end is not worth reading.
      ...(request.complete && !this.#ending ? {} : { Connection: "close" }),
    });
    response.end(reply.body);
  }

  async #reply(request: IncomingMessage): Promise<Reply> {
    const refused = refusedHead(request);
    if (refused !== undefined) return refused;
    const size = sizeOf(request.headers["content-length"]);
    if (this.#held + size > mostHeld) return refusal(503, "503 Service Unavailable: too much at a time");
    this.#held += size;
    let bytes: Buffer;
    try {
      bytes = await collectBytes(request, mostBytes);
    } catch (error) {
      return error instanceof RangeError ? tooLarge : refusal(400, "400 Bad Request: it was cut short");
    } finally {
      this.#held -= size;
    }
    return this.#review(bytes);
  }

  async #review(bytes: Buffer): Promise<Reply> {
    try {
      const { outcome, body } = await this.#options.answer(parsed(bytes));
      return { status: 200, outcome, body: JSON.stringify(body) };
    } catch (error) {
      if (error instanceof TypeError) return refusal(400, `400 Bad Request: ${error.message}`);
      // By this answer the API server does what failurePolicy says, which is not for us to choose.
      this.#options.logger.warn(`a pod could not be looked at: ${errorText(error)}`);
      return { status: 500, outcome: "failed", body: "500 Internal Server Error: see the operator's log\n" };
    }
  }
}
