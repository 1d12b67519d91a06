import { once } from "node:events";
import { request } from "node:https";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect, type TLSSocket } from "node:tls";
import type { PodtrustError } from "../../src/core/base/index.ts";
import type { TestPublisher } from "../support/publisher.ts";

export const jwksPath = "/openid/v1/jwks";
export const discoveryPath = "/.well-known/openid-configuration";

export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request over a fresh HTTP/1.1 connection. */
export async function get(
  to: TestPublisher,
  path: string,
  options: { method?: string; headers?: Record<string, string>; host?: string } = {},
): Promise<Got> {
  const outgoing = request({
    host: "127.0.0.1",
    port: to.port,
    path,
    servername: to.host,
    ca: to.authority.root,
    agent: false,
    method: options.method ?? "GET",
    headers: { host: options.host ?? to.host, ...options.headers },
  });
  outgoing.end();
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response as AsyncIterable<Buffer>) parts.push(part);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) };
}

/** A TLS connection for text of one's own. */
export async function raw(to: TestPublisher, alpn = "http/1.1"): Promise<TLSSocket> {
  const socket = connect({
    host: "127.0.0.1",
    port: to.port,
    servername: to.host,
    ca: to.authority.root,
    ALPNProtocols: [alpn],
  });
  await once(socket, "secureConnect");
  return socket;
}

/** All that comes until the other side ends. */
export async function readAll(socket: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  try {
    for await (const part of socket as AsyncIterable<Buffer>) text += part.toString("latin1");
  } catch {
    // A reset ends it as well.
  }
  return text;
}

/** An HTTP/2 session with the publisher. */
export function http2(to: TestPublisher): ClientHttp2Session {
  const socket = connect({
    host: "127.0.0.1",
    port: to.port,
    servername: to.host,
    ca: to.authority.root,
    ALPNProtocols: ["h2"],
  });
  const session = connectHttp2(`https://${to.host}`, { createConnection: () => socket });
  session.on("error", () => {});
  return session;
}

/** One request in an HTTP/2 session. */
export async function get2(
  session: ClientHttp2Session,
  headers: Record<string, string>,
): Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }> {
  const stream = session.request(headers);
  stream.end();
  const [response] = (await once(stream, "response")) as [Record<string, unknown>];
  const parts: Buffer[] = [];
  for await (const part of stream as AsyncIterable<Buffer>) parts.push(part);
  return { status: Number(response[":status"]), headers: response, body: Buffer.concat(parts) };
}

/** The value of one line of /metrics; 0 where it is not there. */
export async function metric(of: TestPublisher, series: string): Promise<number> {
  const { text } = await of.admin("/metrics");
  const line = text.split("\n").find((one) => one.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.slice(series.length));
}

/** The code of the error that something ends with; `none` where it ends well. */
export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (error: unknown) => (error as PodtrustError).code,
  );

/** The kids that are published. */
export async function kidsOf(to: TestPublisher): Promise<string[]> {
  const { body } = await get(to, jwksPath);
  return (JSON.parse(body.toString()) as { keys: { kid: string }[] }).keys.map((key) => key.kid);
}
