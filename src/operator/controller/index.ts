export {
  type Controller,
  type Followed,
  namespaceOf,
  type Reconcile,
  type ReconcileResult,
} from "./controller.ts";
export { followedAs } from "./followed.ts";
export {
  ControllerRunner,
  type ControllerStatus,
  type Leading,
  type ReconcileFailure,
  type RunnerOptions,
} from "./runner.ts";
export { FairKeys } from "./fair-keys.ts";
