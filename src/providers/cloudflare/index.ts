export { type CloudflareAccess, cloudflareAccess } from "./access.ts";
export { cloudflareDns, type CloudflareOptions } from "./provider.ts";
export { servedZones } from "./served-zones.ts";
