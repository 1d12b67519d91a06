export { BoundAccount, type BoundPlan } from "./account.ts";
export { BoundAccounts } from "./accounts.ts";
export { awsConfigOf, roleConfigOf } from "./config.ts";
