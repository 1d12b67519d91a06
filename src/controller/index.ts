export { type Controller, type Followed, type Reconcile, type ReconcileResult } from "./controller.ts";
export {
  ControllerRunner,
  type ControllerStatus,
  type Leading,
  type ReconcileFailure,
  type RunnerOptions,
} from "./runner.ts";
