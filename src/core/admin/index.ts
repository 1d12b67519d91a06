export { drainServer } from "./drain.ts";
export { expose, type Exposition, type MetricDefinition, type Sample } from "./exposition.ts";
export { Histogram } from "./histogram.ts";
export { json, line, type LocalAddress, type LocalReply, localServer } from "./local-server.ts";
export { listenRoutes, type RoutesListener } from "./listen-routes.ts";
export { askSocket, listenOnSocket, socketPathProblem } from "./local-socket.ts";
export { answerAt, type LocalRoutes } from "./routes.ts";
export { plainSample, processMetrics, processSamples, residentBytes } from "./process-metrics.ts";
