export type { StandInCloudflare, StandInCloudflareOptions } from "./cloudflare.ts";
export { startStandInCloudflare } from "./start.ts";
