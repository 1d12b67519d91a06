export type { AccessEnding } from "./access-ending.ts";
export { proveClosed } from "./closed-proof.ts";
export { closeParties, noteWithdrawal, reopenParties } from "./closing.ts";
export { lookOutside } from "./look-outside.ts";
export { endWithdrawn } from "./withdrawn.ts";
