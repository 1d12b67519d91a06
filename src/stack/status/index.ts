export type { PublisherFacts } from "./facts.ts";
export type { Finding, LinkReport, StatusReport } from "./finding.ts";
export { type StatusOptions, statusOf } from "./status.ts";
