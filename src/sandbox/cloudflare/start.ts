import { atDoor } from "../errors/index.ts";
import type { StandInCloudflare } from "./cloudflare.ts";
import type { StandInCloudflareOptions } from "./options.ts";

/**
 * Starts a stand-in for Cloudflare's API on loopback: zones, DNS records with comments and tags within the quotas of
 * their plan, batches, and requests that fail. No name is served.
 *
 * @example
 * ```ts
 * const cloudflare = await startStandInCloudflare({ zones: [{ name: "example.org" }] });
 * ```
 */
export function startStandInCloudflare(options: StandInCloudflareOptions = {}): Promise<StandInCloudflare> {
  return atDoor(async () => (await import("./cloudflare.ts")).openCloudflare(options));
}
