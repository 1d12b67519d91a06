export { bindingControllers, type BindingControllersOptions } from "./controllers.ts";
export { Departures } from "./departures.ts";
export { LatestObjects } from "./latest.ts";
export { Leftovers } from "./leftovers.ts";
export { type BindingSet, planBindings } from "./plan-files.ts";
export { reconcileBinding } from "./reconcile.ts";
export { type BindingText, largestBindingFile, readBindingTexts } from "./texts.ts";
export { reconcileTrust, type TrustFacts, type TrustOutcome } from "./trust.ts";
export type { BindingClients, BindingEvent, BindingFacts, BindingOutcome } from "./turn.ts";
