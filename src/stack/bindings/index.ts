export { reconcileBinding } from "./reconcile.ts";
export type { BindingClients, BindingEvent, BindingFacts, BindingOutcome } from "./turn.ts";
