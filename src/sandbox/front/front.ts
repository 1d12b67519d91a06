import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { errorText, type Logger, PodtrustError, silentLogger } from "../../core/base/index.ts";
import { oneHost } from "../../core/http/index.ts";
import { BodyRefused, type Exchange, type ServerLimits } from "../../core/listener/index.ts";
import { authorityPem, createAuthority, issueWithKey } from "../authority/index.ts";
import { forms } from "../errors/index.ts";
import { closeListener, openChosenListener } from "../listener/index.ts";
import { type FrontFiles, writeCa } from "./files.ts";
import { greet, plain, type GreetingRefusal, type Target } from "./greeting.ts";
import { type Language, languages } from "./languages.ts";

/** A request to one of a site's hosts. */
export interface FrontRequest {
  /** In lower case, without a port. */
  readonly host: string;
  readonly method: string;
  /** `https://HOST/PATH?QUERY`, as the client requested it. */
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** At most a megabyte. */
  readonly body: Buffer;
}

export interface FrontAnswer {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  /** Becomes JSON; absent: no body. */
  readonly body?: object;
}

/** Hosts that one stand-in answers for. */
export interface FrontSite {
  /** Names in lower case; `*.vault.azure.net` matches names with one more label. */
  readonly hosts: readonly string[];
  readonly answer: (request: FrontRequest) => Promise<FrontAnswer>;
}

export interface FrontOptions {
  readonly sites: readonly FrontSite[];
  /**
   * 0: any free one.
   *
   * @default 0
   */
  readonly port?: number;
  /**
   * An existing folder for the files of its CA.
   *
   * @default none
   */
  readonly folder?: string;
  readonly logger?: Logger;
  /** In place of the stand-ins' common limits. */
  readonly limits?: Partial<ServerLimits>;
}

/** An HTTPS proxy that itself answers for its clients' hosts. */
export interface Front {
  /** For HTTPS_PROXY. */
  readonly url: string;
  readonly port: number;
  /** PEM of the root of its certificate: new at each start, and its key is never written. */
  readonly ca: string;
  /** All hosts that it speaks for. */
  readonly hosts: readonly string[];
  /** Files of its CA, as PEM and for Java; undefined without a folder for them. */
  readonly files: FrontFiles | undefined;
  /** The variables that lead unmodified clients of a language through it. Throws `usage` if its CA is in no file. */
  environment(language: Language): Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const maxBody = 1024 * 1024;

function isOf(pattern: string, host: string): boolean {
  if (!pattern.startsWith("*.")) return pattern === host;
  const [label = "", ...rest] = host.split(".");
  return label !== "" && rest.join(".") === pattern.slice(2);
}

function siteOf(sites: readonly FrontSite[], host: string): FrontSite | undefined {
  return sites.find(({ hosts }) => hosts.some((pattern) => isOf(pattern, host)));
}

function judged(sites: readonly FrontSite[], { host, port }: Target): GreetingRefusal | undefined {
  if (port === 443 && siteOf(sites, host) !== undefined) return undefined;
  const asked = plain(port === 443 ? host : `${host}:${port}`);
  const reason = `podtrust sandbox: the front does not speak for ${asked} (NO_PROXY=${plain(host)} goes around it)`;
  const hosts = sites.flatMap((site) => site.hosts).join(", ");
  return {
    status: 403,
    reason,
    text:
      `podtrust sandbox: the front does not speak for ${asked}, and connects to no other server. It speaks, on port 443, for ` +
      `${hosts}. A client that needs another host gets there past the front: NO_PROXY=${plain(host)}.`,
  };
}

function headersOf({ headersDistinct }: IncomingMessage): FrontRequest["headers"] {
  return Object.fromEntries(
    Object.entries(headersDistinct).map(([name, values]) => [name, values?.join(", ")]),
  );
}

function hostOf(incoming: IncomingMessage): string {
  return oneHost(incoming).toLowerCase().replace(/:443$/u, "");
}

const misdirected: FrontAnswer = {
  status: 421,
  body: { error: "the Host of the request is not the name that TLS was asked for" },
};

async function answered(exchange: Exchange, sites: readonly FrontSite[]): Promise<FrontAnswer> {
  const { incoming } = exchange;
  const host = hostOf(incoming);
  const site = siteOf(sites, host);
  const { servername } = incoming.socket as TLSSocket;
  if (site === undefined || servername !== host) return misdirected;
  const url = URL.parse(`https://${host}${incoming.url ?? "/"}`);
  if (url === null || url.host !== host) return { status: 400, body: { error: "the address is not one" } };
  const body = await exchange.readBody(maxBody);
  return site.answer({ host, method: incoming.method ?? "GET", url, headers: headersOf(incoming), body });
}

function send({ outgoing }: Exchange, { status, headers = {}, body }: FrontAnswer): void {
  const text = body === undefined ? "" : JSON.stringify(body);
  outgoing.writeHead(status, {
    ...(body === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
    ...(status === 204 ? {} : { "content-length": Buffer.byteLength(text) }),
    "cache-control": "no-store",
    "x-podtrust": "sandbox",
    ...headers,
  });
  outgoing.end(text);
}

function handle(exchange: Exchange, sites: readonly FrontSite[], logger: Logger): void {
  answered(exchange, sites)
    .catch((error: unknown): FrontAnswer => {
      if (error instanceof BodyRefused)
        return { status: error.status, headers: { connection: "close" }, body: { error: error.message } };
      logger.warn("the sandbox's front: a request failed", { error: errorText(error) });
      return { status: 500, body: { error: "the sandbox failed; its log says why" } };
    })
    .then((answer) => send(exchange, answer))
    // The client disconnected.
    .catch(() => void exchange.outgoing.destroy());
}

function environmentOf(
  language: Language,
  url: string,
  files: FrontFiles | undefined,
): Readonly<Record<string, string>> {
  if (files === undefined)
    throw new PodtrustError("usage", "the front's CA is in no file, and clients take it from one", {
      next: "Give the sandbox a folder for it: frontFolder.",
    });
  forms.anyText(language, "environment: the language");
  if (Object.hasOwn(languages, language)) return languages[language]({ url, ...files });
  throw new PodtrustError("usage", `${JSON.stringify(language)} is no language that a front is known for`, {
    next: `One of ${Object.keys(languages).join(", ")}.`,
  });
}

/**
 * Starts the front on loopback: a client whose HTTPS_PROXY names it, and that trusts its CA, calls the hosts of its
 * sites under their own names, and gets the sites' answers. It never connects to any other server.
 */
export async function openFront(options: FrontOptions): Promise<Front> {
  const { sites, port = 0, folder, logger = silentLogger, limits = {} } = options;
  const authority = await createAuthority("podtrust sandbox front");
  const hosts = sites.flatMap((site) => site.hosts);
  const { certificate, key } = await issueWithKey(authority, {
    commonName: "podtrust sandbox front",
    names: hosts,
    usage: "server",
  });
  const address = "127.0.0.1";
  // Connections still in their CONNECT do not belong to the HTTP server, which would wait for them at its end.
  const sockets = new Set<Socket>();
  const listener = await openChosenListener({
    address,
    port,
    tls: { cert: certificate, key },
    limits,
    onConnection(socket) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    },
    beforeTls: (socket, pass) => greet(socket, pass, (target) => judged(sites, target)),
    onExchange: (exchange) => handle(exchange, sites, logger),
  });
  const url = `http://${address}:${listener.port}`;
  const close = async (): Promise<void> => {
    const closed = closeListener(listener);
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const ca = authorityPem(authority);
  try {
    const files = folder === undefined ? undefined : await writeCa(folder, ca);
    return {
      url,
      port: listener.port,
      ca,
      hosts,
      files,
      environment: (language) => environmentOf(language, url, files),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
