export type { LocalAddress } from "../core/admin/index.ts";
export { mallocEnvironment, operatorObjects, type OperatorSpec } from "./deployment.ts";
export { keepHeap } from "./heap.ts";
export { listenOperator, listenProbes } from "./listen.ts";
export { keysSecret, operatorManifests } from "./manifests.ts";
export { operatorMetrics } from "./metrics.ts";
export {
  type Controllers,
  type ControllerTools,
  type KeyKeeping,
  Operator,
  type OperatorOptions,
  type OperatorStatus,
} from "./operator.ts";
export type { FailurePolicy } from "./webhook/configuration.ts";
export type { WebhookStatus } from "./webhook/webhook.ts";
