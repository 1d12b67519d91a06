export { clientEnvironment, clientExports, type ClientOptions } from "./client-environment.ts";
export { awsManagedPolicies } from "./iam/index.ts";
export { decisionLine } from "./page/index.ts";
export { type Sandbox, type SandboxOptions, startSandbox } from "./start.ts";
