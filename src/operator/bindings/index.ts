export { BoundAccounts } from "./account/account.ts";
export {
  bindingControllers,
  type BindingControllersOptions,
  reconcileBinding,
  reconcilingBindings,
} from "./aws.ts";
export { ClusterView } from "./cluster-view.ts";
export { type EarlierRoles, earlierRoles } from "./earlier-roles.ts";
export { Leftovers } from "./leftovers.ts";
export { type FilePlanner, planBindings } from "./plan-files.ts";
export { planningRoles, rolePlans } from "./plan-roles.ts";
export { reconcileTrust, type TrustFacts } from "./reconcile-trust.ts";
export type { BindingClients, BindingEvent, BindingFacts, BindingOutcome, TrustOutcome } from "./pass.ts";
