export { mapPage, policyOf } from "./page.ts";
