import type { StandInCloudflare, StandInCloudflareOptions } from "./cloudflare.ts";

/**
 * Starts a stand-in for Cloudflare's API on loopback: zones, DNS records with comments and tags within the quotas of
 * their plan, batches, and requests that go wrong. No name is served.
 */
export async function startStandInCloudflare(
  options: StandInCloudflareOptions = {},
): Promise<StandInCloudflare> {
  const { openCloudflare } = await import("./cloudflare.ts");
  return openCloudflare(options);
}
