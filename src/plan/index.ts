export { type ApplyEvent, type ApplyOptions, type ApplyOutcome, applyPlan } from "./apply.ts";
export { isMark, marksOf, type Owner, ownerOf, ownerText, type Tags } from "./ownership.ts";
export { isEmpty, type Plan, type PlanInput, planOf, type Policy } from "./plan.ts";
export {
  type Change,
  type ChangeKind,
  type Difference,
  type FieldChange,
  type Observed,
  type Resource,
  type Work,
} from "./resource.ts";
