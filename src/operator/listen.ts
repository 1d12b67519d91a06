import {
  expose,
  json,
  line,
  type LocalAddress,
  listenRoutes,
  type LocalRoutes,
  type RoutesListener,
} from "../core/admin/index.ts";
import { type Logger, PodtrustError } from "../core/base/index.ts";
import { isLoopback } from "../core/http/index.ts";
import { operatorMetrics, operatorSamples } from "./metrics.ts";
import type { Operator } from "./operator.ts";

/**
 * /healthz: the process answers. /readyz: everything was listed once; neither an outage of the API server nor dead
 * injection takes that back: these are reported as degraded.
 */
function placesOf(operator: Operator): LocalRoutes {
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

/** For the kubelet. Any pod of the cluster can ask, so the answer gives no reasons. */
const probesOf = (operator: Operator): LocalRoutes => ({
  "/livez": () => line("ok"),
  "/readyz": () => (operator.status.ready ? line("ok") : line("not ready", 503)),
});

const listen = (routes: LocalRoutes, address: LocalAddress, logger: Logger): Promise<RoutesListener> =>
  listenRoutes(
    routes,
    address,
    logger,
    (sentence, cause) => new PodtrustError("operator-listen", sentence, { cause }),
  );

/** Serves an operator's health, status and metrics over plain HTTP. Throws `operator-listen`. */
export async function listenOperator(
  operator: Operator,
  address: LocalAddress,
  logger: Logger,
): Promise<RoutesListener> {
  const listener = await listen(placesOf(operator), address, logger);
  if (!isLoopback(listener.host))
    logger.warn(`${address.host}:${listener.port} shows status and metrics to any client that can reach it`);
  return listener;
}

/** Answers a kubelet's probes over plain HTTP: /livez and /readyz, and nothing else. Throws `operator-listen`. */
export const listenProbes = (
  operator: Operator,
  address: LocalAddress,
  logger: Logger,
): Promise<RoutesListener> => listen(probesOf(operator), address, logger);
