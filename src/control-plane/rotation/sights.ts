import { hostNameOf } from "../../core/base/index.ts";
import { type IssuerRoute, seeByFamily } from "../../issuer/index.ts";
import type { Sight } from "../../rules/rotation/index.ts";

/** What is published, by family, and why a family shows nothing. */
export interface Sights {
  readonly seen: readonly Sight[];
  readonly failures: readonly string[];
}

/**
 * Reads an issuer over each family of addresses that its name has. A family over which it cannot be read counts as one that
 * publishes nothing, so that no key is promoted past it. Where the name itself cannot be found, nothing is seen.
 */
export async function sightsOf(issuer: string, route: IssuerRoute, signal: AbortSignal): Promise<Sights> {
  const sights = await seeByFamily(issuer, route, signal);
  const addressed = sights.filter(({ outcome }) => outcome !== "absent");
  return {
    seen: addressed.map(({ family, kids }) => ({ family, kids })),
    failures:
      addressed.length === 0
        ? [`${hostNameOf(issuer)} has no address that can be found`]
        : addressed.flatMap(({ family, why }) => (why === undefined ? [] : [`${family}: ${why}`])),
  };
}
