import { BlockList, isIP } from "node:net";
import { type Environment, mapped, PodtrustError, setting } from "../base/index.ts";
import { credentialVariable } from "../credentials/index.ts";
import { isLoopback } from "./loopback.ts";

/** The proxy of a company by which this process reaches hosts beyond it. */
export interface EgressProxy {
  /** `http:` or `https:`, without a path and without a login. */
  readonly url: URL;
  /** `Proxy-Authorization` (RFC 9110 §11.7.1), where the address has a login. */
  readonly authorization?: string;
}

/** An entry of NO_PROXY without its port; undefined where the port is another one. */
function hostOfEntry(entry: string, port: number): string | undefined {
  const [, host = "", own] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/u.exec(entry) ?? [undefined, entry];
  if (own !== undefined && Number(own) !== port) return undefined;
  return host.replace(/^\[(.*)\]$/u, "$1");
}

/** Whether an address is in a block `10.0.0.0/8`. */
function isInBlock(address: string, block: string): boolean {
  const [network = "", prefix = ""] = block.split("/");
  const family = isIP(network);
  if (family === 0 || !/^\d{1,3}$/u.test(prefix) || Number(prefix) > (family === 4 ? 32 : 128)) return false;
  const blocks = new BlockList();
  blocks.addSubnet(network, Number(prefix), family === 4 ? "ipv4" : "ipv6");
  return blocks.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/**
 * Whether an entry of NO_PROXY names a host: `*`, an address, a block of addresses, or a name, which stands for the names
 * under it too and with a dot in front for those alone. Source: Go's golang.org/x/net/http/httpproxy, `Config.NoProxy`, which
 * kubectl and OpenTofu go by; curl and Python know no blocks.
 */
function isNamedBy(entry: string, host: string, port: number): boolean {
  if (entry === "*") return true;
  const named = hostOfEntry(entry, port);
  if (named === undefined || named === "") return false;
  if (isIP(host) !== 0) return named.includes("/") ? isInBlock(host, named) : named === host;
  const suffix = named.replace(/^\*?\./u, ".");
  return suffix.startsWith(".") ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

/** A URL's login, `USER:PASSWORD` as it is meant; undefined where it is escaped wrongly. */
function loginOf({ username, password }: URL): string | undefined {
  try {
    return decodeURIComponent(`${username}:${password}`);
  } catch {
    return undefined;
  }
}

/** Whether a URL has nothing that a proxy's address has not. */
function isPlain({ protocol, hostname, pathname, search, hash }: URL): boolean {
  return /^https?:$/u.test(protocol) && hostname !== "" && /^\/?$/u.test(pathname) && search + hash === "";
}

/** Reads the address of a proxy; `HOST:PORT` is one of `http:`, as for curl. The value may have a password: no error shows it. */
function readProxy({ name, value }: { readonly name: string; readonly value: string }): EgressProxy {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//iu.test(value) ? value : `http://${value}`);
  const login = mapped(url ?? undefined, loginOf);
  if (url === null || login === undefined || !isPlain(url)) {
    throw new PodtrustError("http-proxy", `${name} is not the address of a proxy`, {
      next: `Write ${name}=http://HOST:PORT, or https:// for a proxy that speaks TLS itself.`,
      detail: { variable: name },
    });
  }
  const origin = new URL(url.origin);
  if (login === ":") return { url: origin };
  return { url: origin, authorization: `Basic ${Buffer.from(login).toString("base64")}` };
}

const proxyVariable = (env: Environment) =>
  credentialVariable(env, "proxy-password", "HTTPS_PROXY") ??
  credentialVariable(env, "proxy-password", "https_proxy");

/**
 * The port of the proxy that an environment names, which rules of the network have to let through; undefined without one.
 * Throws `http-proxy` for an address that is none.
 */
export function egressProxyPort(env: Environment): number | undefined {
  return mapped(mapped(proxyVariable(env), readProxy), proxyPort);
}

/** The port of a proxy, also where its address leaves it out. */
export function proxyPort({ url: { port, protocol } }: EgressProxy): number {
  return Number(port) || (protocol === "https:" ? 443 : 80);
}

/**
 * The proxy that an environment names for a host: `HTTPS_PROXY`, or `https_proxy`, unless the host is this machine or
 * `NO_PROXY` names it. A config can name none: who checks out a folder would send its own traffic through somebody else's.
 * Throws `http-proxy` for an address that is none.
 */
export function egressProxy(env: Environment, host: string, port: number): EgressProxy | undefined {
  const variable = proxyVariable(env);
  if (variable === undefined || isLoopback(host)) return undefined;
  const around = setting(env, "NO_PROXY") ?? setting(env, "no_proxy") ?? "";
  const name = host.toLowerCase().replace(/\.$/u, "");
  const entries = around.toLowerCase().split(/[\s,]+/u);
  return entries.some((entry) => isNamedBy(entry, name, port)) ? undefined : readProxy(variable);
}

/** What a proxy is called in sentences: its host and port. */
export function proxyName({ url }: EgressProxy): string {
  return url.host;
}

/** The same for this process' own environment. */
export function ownEgressProxy(host: string, port: number): EgressProxy | undefined {
  return egressProxy(process.env, host, port);
}
