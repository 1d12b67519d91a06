import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { Front } from "../../src/sandbox/index.ts";
import { type FrontReply, throughFront } from "./azure-client.ts";

/** What becomes of a request: before it is done, or after. */
export type Fate =
  | "answered"
  /** It is done, and nobody hears of it. */
  | "lost"
  /** It is done, and answered with 503. */
  | "late-503"
  | "reset"
  | "unavailable"
  /** 403, as for one who lacks a right. */
  | "denied"
  /** 429, with a Retry-After of seven seconds. */
  | "throttled"
  /** 409, as for a write beside another one. */
  | "conflict";

/** The hosts of one of Azure's clouds. */
export interface AzureHosts {
  readonly login: string;
  readonly management: string;
  readonly graph: string;
}

/**
 * The stand-in's hosts under a plain address of this machine each, for a client that is no proxy's: what it is asked goes on
 * to the front, unless its fate is another.
 */
export interface AzureRelay {
  /** `AZURE_*` that lead podtrust there. */
  readonly environment: Readonly<Record<string, string>>;
  /** Each request of Resource Manager and Graph, as `METHOD path` below the subscription or the version. */
  readonly calls: string[];
  /** Forms that the token endpoint was asked with. */
  readonly grants: URLSearchParams[];
  /** Asked before each request. */
  onCall: (call: string) => Fate;
  /** Told of each request that changes something: method and path, and what was sent. */
  onWrite: (line: string, body: string) => void;
  /** What a request is answered in place of the stand-in's answer. */
  answer: (call: string) => object | undefined;
  /** What the token endpoint answers in place of a token. */
  grantAnswer: { readonly status: number; readonly body: object } | undefined;
  close(): Promise<void>;
}

const refusals: Readonly<Partial<Record<Fate, readonly [status: number, code: string]>>> = {
  denied: [403, "AuthorizationFailed"],
  unavailable: [503, "ServiceUnavailable"],
  throttled: [429, "TooManyRequests"],
  conflict: [409, "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"],
};

/** `PUT identities/web/federatedIdentityCredentials/x` of a request's method and address. */
function shortCall(method: string, path: string): string {
  const short = path
    .replace(/^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+/u, "")
    .replace(/^\/providers\/Microsoft\.ManagedIdentity\/userAssignedIdentities/u, "identities")
    .replace("federatedIdentityCredentials", "credentials")
    .replace(/^\/v1\.0\//u, "");
  return `${method} ${short === "" ? "group" : short}`;
}

class Relay implements AzureRelay {
  readonly calls: string[] = [];
  readonly grants: URLSearchParams[] = [];
  onCall = (_call: string): Fate => "answered";
  onWrite = (_line: string, _body: string): void => {};
  answer = (_call: string): object | undefined => undefined;
  grantAnswer: AzureRelay["grantAnswer"];
  readonly #front: Front;
  readonly #hosts: AzureHosts;
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch(() => void response.destroy());
  });

  constructor(front: Front, hosts: AzureHosts) {
    this.#front = front;
    this.#hosts = hosts;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  get environment(): Readonly<Record<string, string>> {
    const { port } = this.#server.address() as AddressInfo;
    const at = (host: string): string => `http://127.0.0.1:${port}/${host}`;
    return {
      AZURE_AUTHORITY_HOST: at(this.#hosts.login),
      AZURE_RESOURCE_MANAGER_ENDPOINT: at(this.#hosts.management),
      AZURE_GRAPH_ENDPOINT: at(this.#hosts.graph),
    };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #ask(request: IncomingMessage, url: string, body: Buffer): Promise<FrontReply> {
    const { authorization = "", "content-type": type = "" } = request.headers;
    const text = body.toString("utf8");
    return throughFront(this.#front, url, {
      method: request.method ?? "GET",
      headers: authorization === "" ? {} : { authorization },
      ...(text === ""
        ? {}
        : { body: type.includes("json") ? (JSON.parse(text) as object) : new URLSearchParams(text) }),
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const url = new URL(`https:/${request.url ?? "/"}`);
    const send = (status: number, answer: object, headers: Readonly<Record<string, string>> = {}): void => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(status === 204 ? undefined : JSON.stringify(answer));
    };
    if (url.hostname === this.#hosts.login) {
      this.grants.push(new URLSearchParams(body.toString("utf8")));
      if (this.grantAnswer !== undefined) return send(this.grantAnswer.status, this.grantAnswer.body);
      const reply = await this.#ask(request, url.href, body);
      return send(reply.status, reply.body);
    }
    const call = shortCall(request.method ?? "GET", decodeURIComponent(url.pathname));
    this.calls.push(call);
    if (request.method !== "GET") this.onWrite(`${request.method} ${url.pathname}`, body.toString("utf8"));
    const fate = this.onCall(call);
    if (fate === "reset") return void request.socket.destroy();
    const [status, code] = refusals[fate] ?? [];
    if (status !== undefined)
      return send(status, { error: { code, message: "not now" } }, { "retry-after": "7" });
    const other = this.answer(call);
    if (other !== undefined) return send(200, other);
    const reply = await this.#ask(request, url.href, body);
    if (fate === "lost") return void request.socket.destroy();
    if (fate === "late-503") return send(503, { error: { code: "ServiceUnavailable", message: "late" } });
    return send(reply.status, reply.body);
  }
}

/** Starts it; `close` ends it. */
export async function startAzureRelay(front: Front, hosts: AzureHosts): Promise<AzureRelay> {
  const relay = new Relay(front, hosts);
  await relay.listen();
  return relay;
}
