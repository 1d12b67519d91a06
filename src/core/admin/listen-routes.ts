import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { errorText, type Logger, type PodtrustError } from "../base/index.ts";
import { drainServer } from "./drain.ts";
import { line, type LocalAddress, localServer } from "./local-server.ts";
import { answerAt, type LocalRoutes } from "./routes.ts";

/** An open listener that answers at the paths of a daemon. */
export interface RoutesListener extends LocalAddress {
  close(): Promise<void>;
}

/** Answers at these paths over plain HTTP. Throws the error that `failed` makes of a message and its cause. */
export async function listenRoutes(
  routes: LocalRoutes,
  { host, port }: LocalAddress,
  logger: Logger,
  failed: (sentence: string, cause: unknown) => PodtrustError,
): Promise<RoutesListener> {
  const server = localServer(
    ({ incoming }) => answerAt(routes, host, incoming),
    (error) => {
      logger.error(`${host}:${port} failed to answer: ${errorText(error)}`);
      return line("500 Internal Server Error", 500);
    },
  );
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (cause) {
    throw failed(`${host}:${port} could not be listened on: ${errorText(cause)}`, cause);
  }
  const bound = server.address() as AddressInfo;
  return { host: bound.address, port: bound.port, close: () => drainServer(server) };
}
