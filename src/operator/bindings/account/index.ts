export { BoundAccount, BoundAccounts } from "./account.ts";
export { awsConfigOf, type BoundPlan, roleConfigOf } from "./roles.ts";
