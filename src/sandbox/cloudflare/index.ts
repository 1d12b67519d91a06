export {
  type StandInCloudflare,
  type StandInCloudflareOptions,
  startStandInCloudflare,
} from "./cloudflare.ts";
