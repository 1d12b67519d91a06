import { once } from "node:events";
import { createServer, request as ask } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { parseJws } from "../../../src/rules/oidc/index.ts";

/** Stands before an AWS endpoint and remembers who came with which token. */
export interface TokenRecorder {
  readonly url: string;
  /** The `jti` of each token that a client sent to STS, in order, by the session name that it sent with it. */
  readonly sent: (sessionName: string) => readonly string[];
  readonly close: () => Promise<void>;
}

/** Hands every request on as it came, its Host header too, which is signed. */
export async function recordTokens(endpoint: string): Promise<TokenRecorder> {
  const seen: { readonly session: string | null; readonly jti: string }[] = [];
  const server = createServer((request, answer) => {
    void (async () => {
      const body = await buffer(request);
      const form = new URLSearchParams(body.toString());
      const token = form.get("WebIdentityToken");
      if (token !== null)
        seen.push({ session: form.get("RoleSessionName"), jti: String(parseJws(token).claims["jti"]) });
      const { method, headers, url } = request;
      const onward = ask(new URL(url ?? "/", endpoint), { method, headers }, (received) => {
        answer.writeHead(received.statusCode ?? 502, received.headers);
        received.pipe(answer);
      });
      onward.on("error", () => answer.destroy());
      onward.end(body);
    })().catch(() => answer.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: (sessionName) => seen.filter(({ session }) => session === sessionName).map(({ jti }) => jti),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
