export { hostedZoneNames } from "./api.ts";
export { route53Claim } from "./claims.ts";
export { route53Dns } from "./provider.ts";
