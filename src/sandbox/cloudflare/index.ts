export type { StandInCloudflare } from "./cloudflare.ts";
export type { StandInCloudflareOptions } from "./options.ts";
export { startStandInCloudflare } from "./start.ts";
