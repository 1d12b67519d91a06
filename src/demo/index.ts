export type { ClusterSurvey } from "./cluster/survey.ts";
export { type ClusterDemoOptions, runClusterDemo } from "./cluster/cluster-demo.ts";
export { writeDemoConfig } from "./config-file.ts";
export { connectionLines, type DemoConnections, connectionsOf } from "./connections.ts";
export { runFromNothing } from "./from-nothing/machine-demo.ts";
export type { PartiesEvent, PartiesReport, PartyRefusal } from "./parties/report.ts";
export { runPartiesDemo } from "./parties/parties-demo.ts";
export { type DemoOptions, runDemo } from "./demo.ts";
export type { DemoEnvironment } from "./environment.ts";
export type {
  NotShown,
  DemoReport,
  DemoEvent,
  DemoLinkReport,
  RefusalReport,
  RotationReport,
  OnEvent,
} from "./report.ts";
