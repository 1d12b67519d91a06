export type { Finding, LinkReport, Outcome, StatusReport } from "./report.ts";
export { type StatusOptions, statusOf } from "./status.ts";
