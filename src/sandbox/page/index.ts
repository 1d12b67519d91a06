export { decisionsShown } from "./decisions.ts";
export { type PageOptions, sandboxPage } from "./page.ts";
