import type { Clock } from "../../core/base/index.ts";
import type { CloudflareAccess } from "./access.ts";
import { CloudflareApi } from "./api.ts";
import { cloudflareError } from "./failure.ts";
import { isReadOnly, isServed, readZone } from "./zone.ts";

/** The names of the zones that Cloudflare serves and whose records the token may write. Throws as the API does. */
export async function servedZones(
  access: CloudflareAccess,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const what = "listing the zones";
  const call = { method: "GET", path: "/zones", query: { status: "active" }, what } as const;
  try {
    const listed = await new CloudflareApi(access, clock).list(call, 50, signal, () => {});
    const zones = listed.map((one) => readZone(one, what));
    return zones.filter((zone) => isServed(zone) && !isReadOnly(zone)).map(({ name }) => name);
  } catch (thrown) {
    throw cloudflareError(thrown, what);
  }
}
