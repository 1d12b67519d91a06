export { decisionLine } from "./decision-line.ts";
export { decisionsShown } from "./decisions.ts";
export { sandboxPage } from "./page.ts";
export type { PageTable } from "./view.ts";
