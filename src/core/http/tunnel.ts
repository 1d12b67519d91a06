import type { IncomingMessage } from "node:http";
import type { AgentOptions, RequestOptions } from "node:https";
import type { Duplex } from "node:stream";
import { isIPv6 } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { defined, errorText, hostName } from "../base/index.ts";
import { type EgressProxy, ownEgressProxy, proxyName, proxyPort } from "./egress.ts";
import { proxyCode } from "./failure.ts";

const { request: plainRequest } = process.getBuiltinModule("node:http");
const { Agent, request: secureRequest } = process.getBuiltinModule("node:https");

/** Where a proxy is to connect to, and how the server there is verified. */
export interface TunnelTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: ConnectionOptions;
}

type CreateConnection = NonNullable<RequestOptions["createConnection"]>;

/** Milliseconds for a proxy's own answer, where nothing else ends the exchange. */
const maxWait = 20_000;

/** A proxy's own words, as part of an error: cut, and of one line. */
function said(text: string | undefined): string {
  return (text ?? "").slice(0, 200).replaceAll(/[^\x20-\x7e]/gu, "?");
}

function proxyFailure(text: string, cause?: unknown): Error {
  return Object.assign(new Error(text, { cause }), { code: proxyCode });
}

function refusal(
  proxy: EgressProxy,
  path: string,
  { statusCode = 0, statusMessage }: IncomingMessage,
): Error {
  const login = statusCode === 407 ? "; it asks for a login, which HTTPS_PROXY may have" : "";
  return proxyFailure(
    `the proxy ${proxyName(proxy)} refuses ${path}: ${statusCode} ${said(statusMessage)}${login}`,
  );
}

/**
 * A connection that a proxy makes (CONNECT, RFC 9110 §9.3.6), as `node:https` takes it: TLS begins behind the proxy,
 * and is verified as without one. `signal` aborts it.
 */
export function throughProxy(
  proxy: EgressProxy,
  { host, port, tls }: TunnelTarget,
  signal: AbortSignal = AbortSignal.timeout(maxWait),
): CreateConnection {
  const { url, authorization } = proxy;
  const isSecure = url.protocol === "https:";
  const path = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  return (_options, made) => {
    // Without a socket there is an error, which Node looks at first.
    const fail = (error: Error): void => made(error, undefined as never);
    const asked = (isSecure ? secureRequest : plainRequest)({
      method: "CONNECT",
      host: hostName(url),
      port: proxyPort(proxy),
      path,
      headers: { host: path, ...defined({ "proxy-authorization": authorization }) },
      agent: false,
      signal,
    });
    asked.once("connect", (answer, socket) => {
      if (answer.statusCode === 200) {
        made(null, connectTls({ ...tls, socket }));
        return;
      }
      socket.destroy();
      fail(refusal(proxy, path, answer));
    });
    // A proxy that answers CONNECT as another request has refused it.
    asked.once("response", (answer) => {
      asked.destroy();
      fail(refusal(proxy, path, answer));
    });
    asked.once("error", (error) =>
      fail(proxyFailure(`the proxy ${proxyName(proxy)} does not answer: ${errorText(error)}`, error)),
    );
    asked.end();
    return undefined;
  };
}

/**
 * Connections of clients that are not ours, such as AWS's SDK: by the environment's proxy, as those of `request`. Throws
 * `http-proxy` where the environment names none that could be one: a client would try such a failure again and again.
 */
export class EgressAgent extends Agent {
  constructor(options: AgentOptions = {}) {
    ownEgressProxy("a-name.invalid", 443);
    super({ keepAlive: true, ...options });
  }

  override createConnection(
    options: RequestOptions,
    made?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const { host } = options;
    const port = Number(options.port ?? 443);
    const proxy = typeof host === "string" ? ownEgressProxy(host, port) : undefined;
    if (proxy === undefined || typeof host !== "string" || made === undefined)
      return super.createConnection(options, made);
    const tls = options as ConnectionOptions;
    return throughProxy(proxy, { host, port, tls })(options, made);
  }
}
