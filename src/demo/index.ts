export type { ClusterSurvey } from "./cluster/survey.ts";
export { type ClusterDemoOptions, runClusterDemo } from "./cluster/run.ts";
export { writeDemoConfig } from "./config.ts";
export { connectionLines, type DemoConnections, connectionsOf } from "./connections.ts";
export { runFromNothing } from "./from-nothing/run.ts";
export type { PartiesEvent, PartiesReport, PartyRefusal } from "./parties/report.ts";
export { runPartiesDemo } from "./parties/run.ts";
export { type DemoOptions, runDemo } from "./run.ts";
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
