import type { ServerResponse } from "node:http";
import { errorText, type Logger } from "../../core/base/index.ts";
import type { Exchange } from "../../core/listener/index.ts";
import { type HttpListener, type ListenerOptions, openListener } from "../listener/index.ts";
import type { Mischief } from "./mischief.ts";

/** Failures outside an API itself, so the same for all of them. */
export type TransportMischief =
  /** 502 in a proxy's own words. Nothing was done. */
  | "bad-gateway"
  /** The connection ends without an answer, after the work was done. */
  | "lost-answer"
  /** The connection ends at once. Nothing was done. */
  | "reset";

/** An API whose requests may fail. */
export interface MischievousApi<Kind extends string, Reply extends { readonly status: number }> {
  /** In log lines: `stand-in Cloudflare`. */
  readonly name: string;
  /** Prefix of every path, such as `/v1/`. */
  readonly prefix: string;
  readonly mischief: Mischief<Kind | TransportMischief>;
  readonly logger: Logger;
  /** The answer in place of the work; undefined if the work is done. */
  readonly refusal: (kind: Kind | TransportMischief) => Reply | undefined;
  /** The answer in place of that of completed work. */
  readonly instead?: (kind: Kind | TransportMischief) => Reply | undefined;
  /** Does the work. A refusal is a reply as well. */
  readonly work: (exchange: Exchange) => Promise<Reply>;
  readonly send: (outgoing: ServerResponse, reply: Reply) => void;
}

function sendBadGateway(outgoing: ServerResponse): void {
  const text = "<html><body><h1>502 Bad Gateway</h1></body></html>";
  outgoing.writeHead(502, { "content-type": "text/html", "content-length": text.length });
  outgoing.end(text);
}

/** Does the work, or its replacement; undefined: the answer is lost. */
async function replyTo<Kind extends string, Reply extends { readonly status: number }>(
  exchange: Exchange,
  api: MischievousApi<Kind, Reply>,
  kind: Kind | TransportMischief | undefined,
): Promise<Reply | undefined> {
  if (kind === undefined) return api.work(exchange);
  const refusal = api.refusal(kind);
  if (refusal !== undefined) return refusal;
  const reply = await api.work(exchange);
  if (reply.status >= 400) return reply;
  return kind === "lost-answer" ? undefined : (api.instead?.(kind) ?? reply);
}

async function respond<Kind extends string, Reply extends { readonly status: number }>(
  exchange: Exchange,
  api: MischievousApi<Kind, Reply>,
): Promise<void> {
  const { incoming, outgoing } = exchange;
  const { method = "", url = "" } = incoming;
  const kind = api.mischief.next(method, url.slice(api.prefix.length));
  if (kind === "reset") return void incoming.socket.destroy();
  if (kind === "bad-gateway") return sendBadGateway(outgoing);
  const reply = await replyTo(exchange, api, kind);
  api.logger.debug(`${api.name} answered`, { method, path: url, status: reply?.status ?? "lost" });
  return reply === undefined ? void incoming.socket.destroy() : api.send(outgoing, reply);
}

/** The HTTP server of such an API, on loopback; with `tls` for clients whose URL is fixed. */
export function openMischievousApi<Kind extends string, Reply extends { readonly status: number }>(
  where: Pick<ListenerOptions, "port" | "tls">,
  api: MischievousApi<Kind, Reply>,
): Promise<HttpListener> {
  return openListener({
    address: "127.0.0.1",
    ...where,
    onExchange(exchange) {
      respond(exchange, api).catch((error: unknown) => {
        api.logger.warn(`${api.name}: a request failed`, { error: errorText(error) });
        exchange.outgoing.destroy();
      });
    },
  });
}
