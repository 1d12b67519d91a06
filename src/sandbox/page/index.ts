export { decisionLine } from "./decision-line.ts";
export { decisionsShown } from "./decisions.ts";
export { type PageOptions, sandboxPage } from "./page.ts";
