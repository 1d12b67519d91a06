export { type AdmissionWait, applyBinding, bindingsAdmitted } from "./admission.ts";
export { installedParties } from "./installed.ts";
export { BindingFiles, type BindingText, maxBindingFile, type PartyReaders } from "./texts.ts";
