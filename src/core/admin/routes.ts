import type { IncomingMessage } from "node:http";
import { hostAllowed, oneHost } from "../http/index.ts";
import { line, type LocalReply } from "./local-server.ts";

/** What is answered at a path; GET and HEAD alone. */
export type LocalRoutes = Readonly<Record<string, () => LocalReply | Promise<LocalReply>>>;

const wrongHost = "ask by the address that is listened on, not by a name";

/**
 * Answers a request by the route of its path. `listen` is the host listened on: a page from another site sends its own
 * name as Host, and gets nothing.
 */
export async function answerAt(
  routes: LocalRoutes,
  listen: string,
  incoming: Pick<IncomingMessage, "url" | "method" | "headersDistinct">,
): Promise<LocalReply> {
  const { url = "", method } = incoming;
  if (!hostAllowed(oneHost(incoming), listen)) return line(`421 Misdirected Request: ${wrongHost}`, 421);
  const path = url.split("?")[0] ?? "";
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) return line("404 Not Found", 404);
  if (method !== "GET" && method !== "HEAD")
    return { ...line("405 Method Not Allowed", 405), allow: "GET, HEAD" };
  return route();
}
