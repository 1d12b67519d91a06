import { hostNameOf, PodtrustError } from "../../core/base/index.ts";
import { fetchingParties } from "../../config/index.ts";
import { type FamilySight, seeByFamily } from "../../issuer/index.ts";
import type { PartContext } from "../parts/index.ts";

// Replicas behind one name answer in turn: one look may meet the one that is as it should be.
const looks = 3;
const pauseMs = 1000;

/** Why a family does not show that a key is published no more; undefined if it does, or has no address. */
function faultOf({ family, outcome, why, kids }: FamilySight, kid: string): string | undefined {
  if (kids.includes(kid)) return `${kid} is still published, as seen over ${family}`;
  return outcome === "failed" ? `what is published cannot be read over ${family}: ${why ?? ""}` : undefined;
}

/**
 * Looks from outside whether a stolen key is published no more, over each family of addresses that the issuer's name has, before
 * anything is opened again. Returns sentences without their full stops: what was seen, and what could not be looked at from here.
 * None where no relying party of the config fetches. Throws `theft-unproven`.
 */
export async function lookOutside(
  { config, clock, route = {} }: PartContext,
  kid: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (fetchingParties(config).length === 0) return [];
  const { issuer } = config;
  const unproven = (why: string): PodtrustError =>
    new PodtrustError("theft-unproven", why, {
      next: "Take the key out of what is published, and make a publisher in pods anew. Then run the same command again. Everything stays closed.",
      detail: { kid },
    });
  let sights: readonly FamilySight[] = [];
  for (let times = 0; times < looks; times += 1) {
    if (times > 0) await clock.sleep(pauseMs, signal);
    sights = await seeByFamily(issuer, route, signal);
    const fault = sights.map((one) => faultOf(one, kid)).find((one) => one !== undefined);
    if (fault !== undefined) throw unproven(fault);
    if (!sights.some(({ outcome }) => outcome === "seen"))
      throw unproven(`${hostNameOf(issuer)} has no address that can be reached from here`);
  }
  const seen = sights.filter(({ outcome }) => outcome === "seen").map(({ family }) => family);
  return [
    `${kid} is not published, as seen over ${seen.join(" and ")}`,
    ...sights.flatMap(({ family, outcome, why }) =>
      outcome === "unseen" ? [`over ${family} nothing was looked at: ${why ?? ""}`] : [],
    ),
  ];
}
