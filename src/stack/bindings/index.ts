export { type BindingSet, planBindings } from "./plan-files.ts";
export { reconcileBinding } from "./reconcile.ts";
export { type BindingText, largestBindingFile, readBindingTexts } from "./texts.ts";
export type { BindingClients, BindingEvent, BindingFacts, BindingOutcome } from "./turn.ts";
