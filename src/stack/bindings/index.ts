export { type AdmissionWait, applyBinding, bindingsAdmitted } from "./admission.ts";
export { installedParties } from "./installed.ts";
export { type BindingText, maxBindingFile, readBindingTexts } from "./texts.ts";
