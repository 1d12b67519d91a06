export { type ApplyEvent, type ApplyPlanOptions, type ApplyOutcome, applyPlan } from "./apply.ts";
export type { Tags } from "./carriers.ts";
export { digestOf } from "./fingerprint.ts";
export {
  type Inputs,
  isKnownAfter,
  type Known,
  type KnownAfter,
  mapKnown,
  noInputs,
  type ResourceOutput,
  shownKnown,
} from "./known.ts";
export {
  awsTags,
  azureTags,
  cloudLabels,
  kubernetesLabels,
  lacksIdentity,
  type Owner,
  ownershipComment,
  markedComment,
  namedStack,
  type OwnershipForm,
  ownerText,
  type StackOwner,
  stackRemark,
} from "./ownership.ts";
export {
  isEmpty,
  type Plan,
  type PlanInput,
  planOf,
  type Policy,
  stepForOwner,
  unconfirmedOf,
} from "./plan.ts";
export {
  type Change,
  type ChangeKind,
  dependenciesOf,
  type Difference,
  type FieldChange,
  type NamedResource,
  type Observed,
  type Resource,
  type Work,
} from "./resource.ts";
export { sameSet } from "./same-set.ts";
export { movedBetween, savedChanges } from "./saved.ts";
