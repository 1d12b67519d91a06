export { adminKey, writeAdminCredentials } from "./admin.ts";
export { adminName } from "./caller.ts";
export { contextOf } from "./context.ts";
export { accountGate } from "./gate.ts";
export { policiesOf } from "./policies.ts";
