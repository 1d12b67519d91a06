import { PodtrustError } from "../../core/base/index.ts";
import type { DnsZone } from "./provider.ts";

/**
 * The zones that may hold a name, the innermost first: itself, what is above it, down to two labels. A zone of one
 * label is never asked for.
 */
function zonesAbove(name: string): readonly string[] {
  const labels = name.split(".");
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join("."));
}

/**
 * The innermost zone that holds a name, of those that `find` finds by theirs. `shows`: the provider that has none, as
 * the beginning of the error's sentence. Throws `dns-zone-missing`, and what `find` throws.
 */
export async function innermostZone(
  name: string,
  shows: string,
  find: (candidate: string) => Promise<DnsZone | undefined>,
): Promise<DnsZone> {
  const asked = zonesAbove(name);
  for (const candidate of asked) {
    const zone = await find(candidate);
    if (zone !== undefined) return zone;
  }
  const sentence = `${shows} that holds ${name} (asked for ${asked.join(", ")})`;
  throw new PodtrustError("dns-zone-missing", sentence, { detail: { name, asked } });
}
