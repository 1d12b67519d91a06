import type { RequestOptions } from "node:https";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

const { request: plainRequest } = process.getBuiltinModule("node:http");

/** Where a proxy is to connect to, and how the server there is verified. */
export interface TunnelTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: ConnectionOptions;
}

/** A proxy's own words, as part of an error: cut, and of one line. */
function said(text: string | undefined): string {
  return (text ?? "").slice(0, 200).replaceAll(/[^\x20-\x7e]/gu, "?");
}

/**
 * A connection that a proxy makes (CONNECT, RFC 9110 §9.3.6), as `node:https` takes it: TLS begins behind the proxy,
 * and is verified as without one. `signal` aborts it.
 */
export function throughProxy(
  proxy: string,
  { host, port, tls }: TunnelTarget,
  signal: AbortSignal,
): NonNullable<RequestOptions["createConnection"]> {
  const { hostname, port: proxyPort } = new URL(proxy);
  const path = `${host}:${port}`;
  return (_options, made) => {
    // Without a socket there is an error, which Node looks at first.
    const fail = (error: Error): void => made(error, undefined as never);
    const asked = plainRequest({
      method: "CONNECT",
      host: hostname,
      port: proxyPort,
      path,
      headers: { host: path },
      agent: false,
      signal,
    });
    asked.once("connect", ({ statusCode = 0, statusMessage }, socket) => {
      if (statusCode === 200) {
        made(null, connectTls({ ...tls, socket }));
        return;
      }
      socket.destroy();
      fail(new Error(`the proxy refuses ${path}: ${statusCode} ${said(statusMessage)}`));
    });
    asked.once("error", fail);
    asked.end();
    return undefined;
  };
}
