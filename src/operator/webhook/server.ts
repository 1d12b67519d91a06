import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { drainServer, type LocalAddress } from "../../core/admin/index.ts";
import { type Clock, defined, errorText, type Logger, PodtrustError } from "../../core/base/index.ts";
import {
  BodyRefused,
  bound,
  boundOptions,
  type Exchange,
  localLimits,
  type ServerLimits,
} from "../../core/listener/index.ts";
import { ReviewClient } from "./review-client.ts";
import { injectPath } from "./names.ts";
import type { ReviewAnswer } from "./review.ts";
import type { RequestOutcome, ReviewTallies } from "./tallies.ts";
import { SmallestFirst } from "./smallest-first.ts";
import { countValues } from "./values.ts";

// As in every daemon's listener: an `import` of it would load what no daemon needs.
const { createServer } = process.getBuiltinModule("node:https");

export interface ReviewServerOptions {
  readonly listen: LocalAddress;
  /** Answers a review of a client, which `read` parses each time; a TypeError for what is none. */
  readonly answer: (read: () => Promise<unknown>, client: ReviewClient) => Promise<ReviewAnswer>;
  /** PEM: clients without a certificate of this authority are refused. Absent: all clients are served. */
  readonly clientCa?: string;
  readonly tallies: ReviewTallies;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A certificate chain and its key, PEM. */
export interface ServingPair {
  readonly certificate: string;
  readonly key: string;
}

const mebibyte = 1024 * 1024;
/** An object of the API has 1.5 MB at most (etcd's limit), and its review adds little. */
const maxBytes = 3 * mebibyte;
/** A pod of 1.5 MB whose values have fifteen bytes each. */
const limits = { depth: 100, values: 100_000 } as const;
/** Memory per value while its review is parsed and answered, roughly: the worst is an object of its own shape. */
const valueBytes = 100;
/** Below this, V8 collects the garbage in passing. */
const many = 5000;

/** What all clients of the webhook together may take, within the memory limit of the operator's Deployment. */
const webhookLimits: ServerLimits = {
  ...localLimits,
  headerBytes: 16 * 1024,
  // Longer than the 90 seconds for which API servers keep an idle connection that they may send the next review on.
  keepAliveTimeout: 120_000,
  heldBytes: 16 * mebibyte,
  overheadBurst: maxBytes + 128 * 1024,
  exchangeMs: 30_000,
  maxPipelined: 4,
};

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
  return undefined;
}

const tooLarge = refusal(413, `413 Content Too Large: at most ${maxBytes} bytes`);

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8")) as unknown;
  } catch {
    throw new TypeError("it is not JSON");
  }
}

/**
 * The HTTPS server that API servers ask for each new pod. Anyone in the cluster can reach it: requests are bounded in
 * bytes, time, depth and connections, and answers reveal only what the API shows of ServiceAccounts by their pods.
 */
export class ReviewServer {
  readonly #options: ReviewServerOptions;
  readonly #server: Server;
  readonly #turns: SmallestFirst;
  readonly #clients = new WeakMap<Socket, ReviewClient>();
  #ending = false;
  #bound: LocalAddress | undefined;

  constructor(options: ReviewServerOptions) {
    const { clock, clientCa } = options;
    this.#options = options;
    this.#turns = new SmallestFirst(() => clock.elapsed());
    const asked = clientCa === undefined ? {} : { requestCert: true, rejectUnauthorized: true, ca: clientCa };
    this.#server = createServer({
      ...boundOptions(webhookLimits),
      minVersion: "TLSv1.3",
      // The limit on all connections ends it earlier; Node has to have some time-out.
      handshakeTimeout: 2 * webhookLimits.handshakeTimeout,
      ...asked,
    });
    // A failed handshake is the peer's matter: the server keeps running.
    this.#server.on("tlsClientError", () => {});
    bound(this.#server, {
      limits: webhookLimits,
      secure: true,
      onExchange: (exchange) => void this.#serve(exchange),
    });
  }

  /** Where it listens. */
  get address(): LocalAddress | undefined {
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
    const opened = this.#server.address() as AddressInfo;
    this.#bound = { host: opened.address, port: opened.port };
  }

  /** New connections get this certificate; open ones keep theirs. */
  use({ certificate, key }: ServingPair): void {
    const { clientCa: ca } = this.#options;
    const asked = defined({ ca });
    this.#server.setSecureContext({ cert: certificate, key, minVersion: "TLSv1.3", ...asked });
  }

  /**
   * Still answers, and closes each connection after its answer: closing one while the next review is on its way would
   * lose an answer.
   */
  retire(): void {
    this.#ending = true;
  }

  /** Takes no more connections, and resolves once everything is answered. */
  drain(): Promise<void> {
    return drainServer(this.#server);
  }

  async #serve(exchange: Exchange): Promise<void> {
    const { clock, tallies } = this.#options;
    const { incoming, outgoing } = exchange;
    const begun = clock.elapsed();
    const reply = await this.#reply(exchange);
    tallies.count(reply.outcome, (clock.elapsed() - begun) / 1000);
    outgoing.writeHead(reply.status, {
      "Content-Type": reply.status === 200 ? "application/json" : "text/plain; charset=utf-8",
      "Content-Length": Buffer.byteLength(reply.body),
      // A half-read request is not worth reading on.
      ...(incoming.complete && !this.#ending ? {} : { Connection: "close" }),
    });
    outgoing.end(reply.body);
  }

  async #reply(exchange: Exchange): Promise<Reply> {
    const refused = refusedHead(exchange.incoming);
    if (refused !== undefined) return refused;
    try {
      const announced = Number(exchange.incoming.headers["content-length"] ?? maxBytes);
      const since = this.#options.clock.elapsed();
      const bytes = await exchange.readBody(maxBytes, () => this.#turns.take(announced, since));
      return await this.#review(bytes, exchange);
    } catch (error) {
      return error instanceof BodyRefused ? tooLarge : refusal(400, "400 Bad Request: it was cut short");
    }
  }

  #clientOf({ socket }: IncomingMessage): ReviewClient {
    const found = this.#clients.get(socket);
    const client = found ?? new ReviewClient(socket.remoteAddress ?? "", this.#options.clock);
    this.#clients.set(socket, client);
    return client;
  }

  async #review(bytes: Buffer, { incoming, over, dropped }: Exchange): Promise<Reply> {
    const read = async (): Promise<unknown> => {
      await this.#turns.take(bytes.length);
      if (over.aborted) throw new TypeError("the client has gone");
      const values = countValues(bytes, limits);
      if (values >= many) dropped(values * valueBytes);
      return parsed(bytes);
    };
    try {
      const { outcome, body } = await this.#options.answer(read, this.#clientOf(incoming));
      return { status: 200, outcome, body: JSON.stringify(body) };
    } catch (error) {
      if (error instanceof TypeError) return refusal(400, `400 Bad Request: ${error.message}`);
      // With this answer the API server applies failurePolicy, which is not for us to choose.
      this.#options.logger.warn(`a pod could not be looked at: ${errorText(error)}`);
      return { status: 500, outcome: "failed", body: "500 Internal Server Error: see the operator's log\n" };
    }
  }
}
