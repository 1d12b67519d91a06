import { type Agent, request } from "node:https";
import { maxWait } from "../../support/until.ts";
import type { KeyPair } from "./authority.ts";

export interface AskOptions {
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly token?: string;
  readonly client?: KeyPair;
  /** Who keeps a connection for more requests; each has its own by default. */
  readonly agent?: Agent;
}

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
  /** The texts of its headers Warning, as kubectl shows them. */
  readonly warnings: readonly string[];
}

/** What stands in a header `Warning: 299 - "…"` (RFC 7234 §5.5). */
function warningText(header: string): string {
  const quoted = Buffer.from(header, "latin1")
    .toString("utf8")
    .replace(/^\d+ \S+ /u, "");
  return quoted.slice(1, -1).replaceAll(/\\(.)/gu, "$1");
}

/** One request, with the server verified by this CA. */
export function ask(url: string, ca: string, options: AskOptions = {}): Promise<ApiAnswer> {
  const body = options.body === undefined ? undefined : JSON.stringify(options.body);
  // Pebble in strict mode wants a User-Agent (RFC 8555 §6.1).
  const headers: Record<string, string> = { "user-agent": "podtrust-test-cluster" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (options.token !== undefined) headers["authorization"] = `Bearer ${options.token}`;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method: options.method ?? "GET",
        headers,
        ca,
        agent: options.agent ?? false,
        timeout: maxWait,
        ...(options.client === undefined
          ? {}
          : { cert: options.client.certificate, key: options.client.key }),
      },
      (incoming) => {
        let text = "";
        incoming.setEncoding("utf8");
        incoming.on("data", (piece: string) => (text += piece));
        incoming.on("end", () => {
          const warnings = (incoming.headersDistinct["warning"] ?? []).map(warningText);
          resolve({ status: incoming.statusCode ?? 0, text, warnings });
        });
        incoming.on("error", reject);
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer from ${url} in ${maxWait / 1000} s`)));
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
