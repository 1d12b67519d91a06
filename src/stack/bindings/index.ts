export { type AdmissionWait, applyBinding, bindingsAdmitted } from "./admission.ts";
export { type BindingText, largestBindingFile, readBindingTexts } from "./texts.ts";
