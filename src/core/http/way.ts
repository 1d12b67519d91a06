import { isIP } from "node:net";
import { hostName } from "../base/index.ts";
import type { ConnectionPool } from "./connections.ts";
import { type ConnectTo, connectTarget } from "./connect-to.ts";
import { type EgressProxy, ownEgressProxy } from "./egress.ts";
import { httpFailure } from "./failure.ts";
import type { MayConnect } from "./judged-lookup.ts";

/** What a caller says of the way of an exchange. */
export interface WayOptions {
  readonly connectTo?: readonly ConnectTo[];
  /**
   * Which addresses may be connected to; all by default. Asked once for each, and connected is to what it lets through. Of a
   * host whose address a proxy finds it is asked by name.
   */
  readonly mayConnect?: MayConnect;
  /**
   * `http://127.0.0.1:PORT` of a proxy that is asked to connect to the server (CONNECT), in place of the environment's; for
   * https alone, without `connections`.
   */
  readonly proxy?: string;
  /** Goes past the environment's proxy: for an API server, and whatever else is told by an address of the inner network. */
  readonly direct?: boolean;
  /** Keeps the connection for the next exchange; a connection of its own by default. TLS is not reported then. */
  readonly connections?: ConnectionPool;
}

/** Where an exchange connects to, and by which proxy. */
export interface ConnectionWay {
  readonly host: string;
  readonly port: number;
  readonly proxy: EgressProxy | undefined;
}

function proxyFor(url: URL, options: WayOptions, host: string, port: number): EgressProxy | undefined {
  const { proxy, direct = options.connections !== undefined } = options;
  if (url.protocol !== "https:") return undefined;
  if (proxy !== undefined) return { url: new URL(proxy) };
  return direct ? undefined : ownEgressProxy(host, port);
}

/**
 * The way of an exchange: to what `connectTo` says in the URL's place, by the environment's proxy. Plain HTTP stays on
 * loopback, and kept connections are those to an API server: both go directly. Throws `http-proxy`, and what `mayConnect`
 * holds back.
 */
export function wayOf(url: URL, options: WayOptions): ConnectionWay {
  const { connectTo = [], mayConnect = () => true } = options;
  const asked = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  const { host, port } = connectTarget(connectTo, hostName(url), asked);
  const proxy = proxyFor(url, options, host, port);
  // Neither of an address nor through a proxy does Node ask for a look-up.
  const isJudgedHere = isIP(host) !== 0 || proxy !== undefined;
  if (isJudgedHere && !mayConnect(host, port)) throw httpFailure(url.href, "withheld", new Error(host));
  return { host, port, proxy };
}

/** The environment's proxy by which a URL of `https:` is reached; undefined where it is reached directly. Throws `http-proxy`. */
export function egressProxyOf(url: string, connectTo: readonly ConnectTo[]): EgressProxy | undefined {
  return wayOf(new URL(url), { connectTo }).proxy;
}
