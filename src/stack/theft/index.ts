export type { AccessEnding } from "./access-ending.ts";
export { endWithdrawn } from "./withdrawn.ts";
