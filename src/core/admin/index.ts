export { drainServer } from "./drain.ts";
export { expose, type Exposition, type MetricDefinition, type Sample } from "./exposition.ts";
export { Histogram } from "./histogram.ts";
export { json, line, type LocalAddress, type LocalReply, localServer } from "./local-server.ts";
export { listenPlaces, type PlacesListener } from "./listen-places.ts";
export { askSocket, listenOnSocket, socketPathProblem } from "./local-socket.ts";
export { answerAt, type Places } from "./places.ts";
export { plainSample, processMetrics, processSamples, residentBytes } from "./process-metrics.ts";
