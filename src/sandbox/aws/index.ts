export { clientEnvironment, clientExports, type ClientOptions } from "./client-environment.ts";
export { type DecisionFilter, decisionFilters, filterForm } from "./decisions.ts";
export { awsForms, type AwsOptions } from "./options.ts";
export { awsManagedPolicies } from "./iam/index.ts";
export { decisionLine } from "./page/index.ts";
export type { Seed, SeedParameter, SeedProvider, SeedRole } from "./seed/index.ts";
export type { AccountDeps, StandInAccount } from "./account.ts";
export { startAws } from "./start.ts";
export type { IssuerCache, RouteTo } from "./sts/index.ts";
export {
  type Control,
  controlPath,
  type Decision,
  type PageResponse,
  type WireRequest,
} from "./wire/index.ts";
