export { decisionLine } from "./decision-line.ts";
export { sandboxPage } from "./page.ts";
export type { PageTable } from "./view.ts";
