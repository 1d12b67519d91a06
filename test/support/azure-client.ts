import { request } from "node:https";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import type { Front } from "../../src/sandbox/index.ts";

/** What a request through a front was answered. */
export interface FrontReply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** The JSON of the body; empty where there is none. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface FrontCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A form, or what becomes JSON. */
  readonly body?: URLSearchParams | object;
}

/** Asks an address as a client does whose HTTPS_PROXY is the front, and who trusts its CA alone. */
export async function throughFront(front: Front, url: string, call: FrontCall = {}): Promise<FrontReply> {
  const { hostname: servername } = new URL(url);
  const tunnel = connect(front.port, "127.0.0.1");
  tunnel.write(`CONNECT ${servername}:443 HTTP/1.1\r\nHost: ${servername}:443\r\n\r\n`);
  await once(tunnel, "data");
  const { method = "GET", headers = {}, body } = call;
  const isForm = body instanceof URLSearchParams;
  const type = isForm ? "application/x-www-form-urlencoded" : "application/json";
  const asked = request(url, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { "content-type": type }) },
    defaultPort: 443,
    createConnection: () => connectTls({ socket: tunnel, servername, ca: front.ca }),
  });
  asked.end(body === undefined ? undefined : isForm ? body.toString() : JSON.stringify(body));
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  const said = await text(answer);
  tunnel.destroy();
  const json = said === "" ? {} : (JSON.parse(said) as Record<string, unknown>);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: json };
}
