export { BoundAccounts } from "./account/index.ts";
export { bindingControllers, type BindingControllersOptions } from "./controllers.ts";
export { ClusterView } from "./cluster-view.ts";
export { Leftovers } from "./leftovers.ts";
export { type BindingSet, planBindings } from "./plan-files.ts";
export { reconcileBinding } from "./reconcile.ts";
export { reconcileTrust, type TrustFacts, type TrustOutcome } from "./trust.ts";
export type { BindingClients, BindingEvent, BindingFacts, BindingOutcome } from "./pass.ts";
export { reconcilingBindings } from "./operating.ts";
