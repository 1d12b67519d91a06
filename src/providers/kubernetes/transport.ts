import { defined, errorText, hostName, PodtrustError } from "../../core/base/index.ts";
import { type HttpOptions, type HttpStream, receive, request } from "../../core/http/index.ts";
import type { CallOptions, ClusterFailureReason, KubernetesAnswer } from "./api.ts";
import type { Endpoint } from "./endpoint.ts";

/** One call of the API. */
export interface KubernetesCall extends CallOptions {
  /** With its query; begins with a slash. */
  readonly path: string;
  /** GET by default, or a POST of JSON where a body is given. */
  readonly method?: "DELETE" | "PATCH" | "PUT";
  readonly body?: unknown;
  /** Of the body; application/json by default. */
  readonly contentType?: string;
  /** The media types that the answer may have. */
  readonly accept?: string;
  readonly maxBytes?: number;
}

const passed = new Set<unknown>(["dns", "connect", "tls", "timeout", "too-large", "aborted"]);

// The connection broke after the answer had begun: Node says so with these words only.
const cut = /\baborted\b|ended early/u;

function reasonOf(error: PodtrustError): ClusterFailureReason {
  const { reason } = error.detail;
  if (reason !== "dns" && reason !== "tls" && cut.test(errorText(error.cause))) return "truncated";
  return passed.has(reason) ? (reason as ClusterFailureReason) : "connect";
}

function clusterFault(server: string, error: PodtrustError): PodtrustError {
  const reason = reasonOf(error);
  if (error.code === "interrupted") return error;
  const code = ["too-large", "truncated"].includes(reason) ? "cluster-answer-invalid" : "cluster-unreachable";
  return new PodtrustError(code, `cluster ${server}: ${error.message}`, {
    cause: error,
    detail: { reason, server },
    ...(reason === "tls" ? { next: "Check that the CA given is the one of this API server." } : {}),
  });
}

function address(endpoint: Endpoint, path: string): { url: string; options: HttpOptions } {
  const url = new URL(endpoint.server + path);
  if (endpoint.tlsServerName === undefined) return { url: url.href, options: {} };
  // The certificate is checked for the other name, the connection still goes to the server.
  const { host } = url;
  const target = hostName(url);
  const port = url.port === "" ? 443 : Number(url.port);
  url.hostname = endpoint.tlsServerName;
  return {
    url: url.href,
    options: {
      headers: { host },
      connectTo: [{ host: "", port: undefined, address: target, toPort: port }],
    },
  };
}

function bodyHeaders({
  body,
  contentType = "application/json",
}: KubernetesCall): Readonly<Record<string, string>> {
  return body === undefined ? {} : { "content-type": contentType, accept: "application/json" };
}

/** The exchange that a call is, with credentials and CA read anew. Throws `cluster-credentials`. */
async function exchangeOf(
  endpoint: Endpoint,
  call: KubernetesCall,
): Promise<{ readonly url: string; readonly options: HttpOptions }> {
  if (!call.path.startsWith("/")) throw new TypeError(`path ${call.path} does not begin with a slash`);
  const { headers, sent: _facts, ...certificate } = await endpoint.credentials.identity();
  const ca = await endpoint.ca();
  const { url, options } = address(endpoint, call.path);
  const posted = call.body !== undefined;
  const accept = defined({ accept: call.accept });
  return {
    url,
    options: {
      ...options,
      ...certificate,
      // An API server is told by an address of its own network, which no proxy of a company leads to.
      direct: true,
      method: call.method ?? (posted ? "POST" : "GET"),
      headers: { "user-agent": "podtrust", ...bodyHeaders(call), ...accept, ...options.headers, ...headers },
      ...(posted ? { body: JSON.stringify(call.body) } : {}),
      ...defined({ ca, maxBytes: call.maxBytes, signal: call.signal }),
    },
  };
}

/**
 * Sends one call with a streamed answer, on a connection of its own. `timeoutMs` is for its beginning, `silenceMs` for
 * each wait after that. Throws as `send` does, and what `consume` throws.
 */
export async function sendStream<T>(
  endpoint: Endpoint,
  call: KubernetesCall & { readonly silenceMs: number },
  timeoutMs: number,
  consume: (answer: HttpStream) => Promise<T>,
): Promise<T> {
  const { url, options } = await exchangeOf(endpoint, call);
  const { silenceMs } = call;
  try {
    return await receive(url, { ...options, timeoutMs, silenceMs }, async (answer) => {
      if (answer.status === 401) endpoint.credentials.refused();
      return consume(answer);
    });
  } catch (error) {
    const ofHttp =
      error instanceof PodtrustError && (error.code.startsWith("http-") || error.code === "interrupted");
    throw ofHttp ? clusterFault(endpoint.server, error) : error;
  }
}

/**
 * Sends one call, on a connection of its own unless the endpoint keeps some, with credentials and CA read anew.
 *
 * Throws PodtrustError `cluster-unreachable`, `cluster-answer-invalid` (too large, cut short),
 * `cluster-credentials` or `interrupted`. Any status is an answer.
 */
export async function send(
  endpoint: Endpoint,
  call: KubernetesCall,
  timeoutMs: number,
): Promise<KubernetesAnswer> {
  const { url, options } = await exchangeOf(endpoint, call);
  try {
    const { connections } = endpoint;
    const kept = defined({ connections });
    const { status, ...rest } = await request(url, { ...options, ...kept, timeoutMs });
    if (status === 401) endpoint.credentials.refused();
    return { status, headers: rest.headers, body: rest.body };
  } catch (error) {
    throw error instanceof PodtrustError ? clusterFault(endpoint.server, error) : error;
  }
}
