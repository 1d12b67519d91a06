export {
  type Controller,
  type KeySource,
  followedAs,
  type Reconcile,
  type ReconcileResult,
  ControllerRunner,
  type ControllerStatus,
  type Leading,
  type ReconcileFailure,
  type RunnerOptions,
} from "./runner.ts";
export { FairKeys, namespaceOf } from "./queue.ts";
