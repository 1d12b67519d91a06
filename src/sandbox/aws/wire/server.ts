import type { ServerResponse } from "node:http";
import { oneHost } from "../../../core/http/index.ts";
import { BodyRefused, type Exchange } from "../../../core/listener/index.ts";
import { type AnsweringServer, openAnsweringServer } from "../../listener/index.ts";
import { type Control, controlPath } from "./control.ts";
import { type DispatchOptions, dispatch } from "./dispatch.ts";
import type { WireRequest } from "./gate.ts";
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

/** The largest accepted body, in bytes: AWS's own limits on documents are well below. */
const maxBody = 1024 * 1024;

function send(
  response: ServerResponse,
  result: PageResponse,
  { signingClock }: Pick<DispatchOptions, "signingClock">,
): void {
  const body = Buffer.from(result.body, "utf8");
  response.writeHead(result.status, {
    ...result.headers,
    // SDKs correct their clock by this header, so it must be the clock that signatures are checked by.
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
    return options.page({ method: request.method, path, host: oneHost(incoming) });
  }
  return dispatch(request, { address, signal }, options);
}

function unread(error: unknown): PageResponse {
  if (!(error instanceof BodyRefused)) throw error;
  const headers = { "content-type": "text/plain; charset=utf-8", connection: "close" };
  return { status: error.status, headers, body: `${error.message}\n` };
}

/** Starts the one HTTP port of the sandbox: the AWS protocols, and the page on everything else. */
export function startWire(options: WireOptions): Promise<AnsweringServer> {
  return openAnsweringServer({
    address: options.listen,
    port: options.port,
    answer: async (exchange, signal) =>
      send(exchange.outgoing, await answer(exchange, options, signal).catch(unread), options),
  });
}
