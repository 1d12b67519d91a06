import type { ServerResponse } from "node:http";
import { ChildAbort } from "../../../core/base/index.ts";
import { BodyRefused, type Exchange } from "../../../core/listener/index.ts";
import { closeListener, openListener } from "../../listener/index.ts";
import { type Control, controlPath } from "./control.ts";
import { type DispatchOptions, dispatch } from "./dispatch.ts";
import { headerOf, type WireRequest } from "./gate.ts";
import { isPageRequest } from "./route.ts";
import type { Page, PageResponse } from "./service.ts";

export interface WireOptions extends DispatchOptions {
  readonly page: Page;
  readonly control: Control;
  /** An address of this machine; loopback keeps other machines out. */
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
const maxBody = 1024 * 1024;

function send(
  response: ServerResponse,
  result: PageResponse,
  { signingClock }: Pick<DispatchOptions, "signingClock">,
): void {
  const body = Buffer.from(result.body, "utf8");
  response.writeHead(result.status, {
    ...result.headers,
    // SDKs set their own clock right by this header, so it must be the clock that signatures are checked by.
    date: new Date(signingClock.now()).toUTCString(),
    "content-length": body.length,
  });
  response.end(body);
}

async function answer(exchange: Exchange, options: WireOptions, signal: AbortSignal): Promise<PageResponse> {
  const { incoming } = exchange;
  const request: WireRequest = {
    method: incoming.method ?? "GET",
    target: incoming.url ?? "/",
    headers: incoming.headersDistinct as Record<string, string[]>,
    body: await exchange.readBody(maxBody),
  };
  const address = incoming.socket.remoteAddress ?? "";
  if (request.target.startsWith(controlPath)) return options.control(request, address);
  if (isPageRequest(request)) {
    const path = request.target.split("?", 1)[0] ?? "/";
    return options.page({ method: request.method, path, host: headerOf(request, "host") ?? "" });
  }
  return dispatch(request, { address, signal }, options);
}

function unread(error: unknown): PageResponse {
  if (!(error instanceof BodyRefused)) throw error;
  const headers = { "content-type": "text/plain; charset=utf-8", connection: "close" };
  return { status: error.status, headers, body: `${error.message}\n` };
}

/** Starts the one HTTP port of the sandbox: the AWS protocols, and the page on everything else. */
export async function startWire(options: WireOptions): Promise<WireServer> {
  const closing = new AbortController();
  const running = new Set<Promise<void>>();
  const listener = await openListener({
    address: options.listen,
    port: options.port,
    onExchange(exchange) {
      const { outgoing } = exchange;
      const either = new ChildAbort(closing.signal, exchange.over);
      const work = answer(exchange, options, either.signal)
        .catch(unread)
        .then((result) => send(outgoing, result, options))
        // The client broke off, or the page failed: either way nothing can be said any more.
        .catch(() => void outgoing.destroy())
        .finally(() => {
          either.release();
          running.delete(work);
        });
      running.add(work);
    },
  });
  const host = options.listen.includes(":") ? `[${options.listen}]` : options.listen;
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
