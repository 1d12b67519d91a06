export { adminKey, writeAdminCredentials } from "./admin.ts";
export { callerOf } from "./caller.ts";
export { contextOf } from "./context.ts";
export { layerNames } from "./denial.ts";
export { accountGate } from "./gate.ts";
export { policiesOf } from "./policies.ts";
export { type RateLimit, RateLimiter } from "./rate-limit.ts";
