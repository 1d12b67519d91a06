export { type StandInCa, startStandInCa } from "./ca/index.ts";
export { type StandInCluster, startStandInCluster } from "./cluster/index.ts";
export { awsManagedPolicies } from "./iam/index.ts";
export { decisionLine } from "./page/index.ts";
export { IssuerDocumentCache } from "./sts/index.ts";
export { type Sandbox, type SandboxOptions, startSandbox } from "./start.ts";
