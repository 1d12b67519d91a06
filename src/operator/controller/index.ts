export {
  type Controller,
  type Followed,
  followedAs,
  namespaceOf,
  type Reconcile,
  type ReconcileResult,
} from "./controller.ts";
export {
  ControllerRunner,
  type ControllerStatus,
  type Leading,
  type ReconcileFailure,
  type RunnerOptions,
} from "./runner.ts";
export { FairKeys } from "./queue.ts";
