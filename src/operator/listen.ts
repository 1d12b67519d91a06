import { once } from "node:events";
import type { AddressInfo } from "node:net";
import {
  answerAt,
  drainServer,
  expose,
  json,
  line,
  type ListenAddress,
  localServer,
  type Places,
} from "../core/admin/index.ts";
import { errorText, type Logger, PodtrustError } from "../core/base/index.ts";
import { isLoopback } from "../core/http/index.ts";
import { operatorMetrics, operatorSamples } from "./metrics.ts";
import type { Operator } from "./operator.ts";

/** What shows them, open. */
export interface OperatorListener extends ListenAddress {
  close(): Promise<void>;
}

/**
 * /healthz: the process answers. /readyz: all that is there was seen once; an outage of the API server does not take
 * that back, nor that injection is dead: that is told as degraded.
 */
function placesOf(operator: Operator): Places {
  return {
    "/healthz": () => line("ok"),
    "/readyz": () => {
      const { ready, unready, degraded } = operator.status;
      const degradedLines = degraded.map((why) => `degraded: ${why}`);
      return ready
        ? line(["ready", ...degradedLines].join("\n"))
        : line([...unready, ...degradedLines].join("\n"), 503);
    },
    "/status": () => json(operator.status),
    "/metrics": () => {
      const { type, text } = expose(operatorMetrics, operatorSamples(operator));
      return { status: 200, type, body: text };
    },
  };
}

/** What a kubelet asks; every pod of a cluster may, so that no word says why. */
const probesOf = (operator: Operator): Places => ({
  "/livez": () => line("ok"),
  "/readyz": () => (operator.status.ready ? line("ok") : line("not ready", 503)),
});

async function listen(
  places: Places,
  { host, port }: ListenAddress,
  logger: Logger,
): Promise<OperatorListener> {
  const server = localServer(
    ({ incoming }) => answerAt(places, host, incoming),
    (error) => {
      logger.error(`${host}:${port} failed to answer: ${errorText(error)}`);
      return line("500 Internal Server Error", 500);
    },
  );
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (cause) {
    const sentence = `${host}:${port} could not be listened on: ${errorText(cause)}`;
    throw new PodtrustError("operator-listen", sentence, { cause });
  }
  const bound = server.address() as AddressInfo;
  return { host: bound.address, port: bound.port, close: () => drainServer(server) };
}

/** Shows an operator's health, status and metrics over plain HTTP. Throws `operator-listen`. */
export async function listenOperator(
  operator: Operator,
  address: ListenAddress,
  logger: Logger,
): Promise<OperatorListener> {
  const listener = await listen(placesOf(operator), address, logger);
  if (!isLoopback(listener.host))
    logger.warn(`${address.host}:${listener.port} shows status and metrics to whoever can reach it`);
  return listener;
}

/** Answers a kubelet's probes over plain HTTP: /livez and /readyz, and nothing else. Throws `operator-listen`. */
export const listenProbes = (
  operator: Operator,
  address: ListenAddress,
  logger: Logger,
): Promise<OperatorListener> => listen(probesOf(operator), address, logger);
