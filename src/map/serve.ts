import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { answerAt, drainServer, line, type LocalReply, localServer } from "../core/admin/index.ts";
import type { TrustMap } from "./judge/index.ts";
import { mapPage, policyOf } from "./page/index.ts";

/** A page that is served to browsers of this machine. */
export interface ServedMap {
  /** With the token: anyone who has it can read the page. */
  readonly url: string;
  /** Shows another map from now on. */
  show(map: TrustMap): void;
  close(): Promise<void>;
}

export interface ServeMapOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Seconds between two looks. */
  readonly watch: number;
}

const host = "127.0.0.1";

/** True when both are the same, in a time that reveals neither where they differ nor how long the other is. */
function sameToken(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function shown(map: TrustMap, watch: number): { readonly page: LocalReply; readonly tag: string } {
  const body = mapPage(map, { watch });
  const tag = `"${createHash("sha256").update(body).digest("base64url")}"`;
  const headers = {
    "Content-Security-Policy": `${policyOf({ watch })}; frame-ancestors 'none'`,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    ETag: tag,
  };
  return { page: { status: 200, type: "text/html; charset=utf-8", body, headers }, tag };
}

/**
 * Serves the page on loopback. A request by another name that was pointed here gets 421, and one without the
 * token 403: other users of the machine reach the port as well. Rejects as `listen` does where the port is
 * taken.
 */
export async function serveMap(map: TrustMap, { port, watch }: ServeMapOptions): Promise<ServedMap> {
  const token = randomBytes(24).toString("base64url");
  let now = shown(map, watch);
  const server = localServer(
    async ({ incoming }) => {
      const url = URL.parse(incoming.url ?? "/", "http://localhost");
      if (url === null) return line("400 Bad Request", 400);
      const given = url.searchParams.get("token") ?? "";
      const tag = incoming.headers["if-none-match"];
      const page = (): LocalReply => {
        if (!sameToken(given, token))
          return line("403 Forbidden: open the address that podtrust map printed", 403);
        return tag === now.tag ? { status: 304, body: "" } : now.page;
      };
      return answerAt({ "/": page }, host, incoming);
    },
    () => line("500 Internal Server Error", 500),
  );
  server.listen({ port, host });
  await once(server, "listening");
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${bound}/?token=${token}`,
    show(next) {
      now = shown(next, watch);
    },
    async close() {
      server.closeAllConnections();
      await drainServer(server);
    },
  };
}
