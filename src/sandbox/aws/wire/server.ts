import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type DispatchOptions, dispatch } from "./dispatch.ts";
import { headerOf, type WireRequest } from "./gate.ts";
import { isPageRequest } from "./route.ts";
import type { Page, PageResponse } from "./service.ts";

export interface WireOptions extends DispatchOptions {
  readonly page: Page;
  /** An address of this machine; loopback keeps strangers out. */
  readonly listen: string;
  /** 0: any free one. */
  readonly port: number;
}

/** A listening server. */
export interface WireServer {
  /** `http://127.0.0.1:4566` */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** The largest body that is read, in bytes: AWS's own limits on documents stay well below. */
const largestBody = 1024 * 1024;

async function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBody) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, result: PageResponse, clock: DispatchOptions["clock"]): void {
  const body = Buffer.from(result.body, "utf8");
  response.writeHead(result.status, {
    ...result.headers,
    // SDKs set their own clock right by this header, so it must be the clock that signatures are checked by.
    date: new Date(clock.now()).toUTCString(),
    "content-length": body.length,
  });
  response.end(body);
}

async function answer(
  message: IncomingMessage,
  options: WireOptions,
  signal: AbortSignal,
): Promise<PageResponse> {
  const body = await readBody(message);
  if (body === undefined) {
    const headers = { "content-type": "text/plain; charset=utf-8", connection: "close" };
    return { status: 413, headers, body: `The request is larger than ${largestBody} bytes.\n` };
  }
  const request: WireRequest = {
    method: message.method ?? "GET",
    target: message.url ?? "/",
    headers: message.headersDistinct as Record<string, string[]>,
    body,
  };
  if (isPageRequest(request)) {
    const path = request.target.split("?", 1)[0] ?? "/";
    return options.page({ method: request.method, path, host: headerOf(request, "host") ?? "" });
  }
  return dispatch(request, { address: message.socket.remoteAddress ?? "", signal }, options);
}

/** Starts the one HTTP port of the sandbox: the AWS protocols, and the page on everything else. */
export async function startWire(options: WireOptions): Promise<WireServer> {
  const closing = new AbortController();
  const running = new Set<Promise<void>>();
  const server = createServer({
    maxHeaderSize: 64 * 1024,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 5000,
  });
  server.maxConnections = 1024;
  server.on("request", (message: IncomingMessage, response: ServerResponse) => {
    const gone = new AbortController();
    response.on("close", () => gone.abort(new Error("the client went away")));
    const signal = AbortSignal.any([closing.signal, gone.signal]);
    const work = answer(message, options, signal)
      .then((result) => send(response, result, options.clock))
      // The client broke off, or the page failed: either way nothing can be said any more.
      .catch(() => void response.destroy())
      .finally(() => running.delete(work));
    running.add(work);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.listen, () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  const host = options.listen.includes(":") ? `[${options.listen}]` : options.listen;
  return {
    url: `http://${host}:${port}`,
    port,
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      closing.abort(new Error("the sandbox is closing"));
      server.closeIdleConnections();
      await Promise.allSettled(running);
      server.closeAllConnections();
      await closed;
    },
  };
}
