import { errorText, mapLimit, PodtrustError, until } from "../../core/base/index.ts";
import { seeByFamily } from "../../issuer/index.ts";
import { type PartContext, type TheftAnswerAt, theftAnswersOfParties } from "../parts/index.ts";
import type { AccessEnding } from "./access-ending.ts";

// A publisher drops a key at once; one in pods follows a Secret, and reads it within its poll.
const goneWithinMs = 60_000;

/** Why a key cannot be said to be out of what an issuer publishes, as seen from outside; undefined once it is. */
async function stillPublished(
  { config, clock, route = {} }: PartContext,
  kid: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const missing = async (): Promise<string | undefined> => {
    const sights = await seeByFamily(config.issuer, route, signal);
    const shown = sights.filter(({ kids }) => kids.includes(kid)).map(({ family }) => family);
    if (shown.length > 0) return `${kid} is still published as seen from outside over ${shown.join(" and ")}`;
    if (sights.some(({ outcome }) => outcome === "seen")) return undefined;
    const whys = sights.flatMap(({ family, why }) => (why === undefined ? [] : [`${family}: ${why}`]));
    return `what is published cannot be read from here${whys.length === 0 ? "" : ` (${whys.join("; ")})`}`;
  };
  let last = "";
  try {
    await until<true>({
      clock,
      withinMs: goneWithinMs,
      delays: [1000, 2000, 5000],
      signal,
      look: async () => {
        last = (await missing()) ?? "";
        return last === "" ? { is: true } : { waitsFor: last };
      },
      late: (reason) => new PodtrustError("deadline-exceeded", reason),
    });
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return last === "" ? errorText(error) : last;
  }
}

/** A place that keeps a withdrawn key until it is asked for another. */
type KeepingParty = Pick<AccessEnding, "party" | "place"> & Required<Pick<TheftAnswerAt, "forget">>;

async function forgottenAt(
  { party, place, forget }: KeepingParty,
  kid: string,
  signal: AbortSignal,
): Promise<AccessEnding> {
  try {
    const { outcome, text } = await forget(kid, signal);
    return outcome === "done" ? { party, place, outcome, text } : openPlace({ party, place }, kid, text);
  } catch (error) {
    signal.throwIfAborted();
    return openPlace({ party, place }, kid, errorText(error));
  }
}

const openPlace = (
  { party, place }: Pick<KeepingParty, "party" | "place">,
  kid: string,
  why: string,
): AccessEnding => ({
  party,
  place,
  outcome: "open",
  text: `${place} may let in whoever has ${kid}, without an end: ${why}`,
});

/**
 * After a key was withdrawn: ends it at those relying parties of a config that would keep it for as long as nobody asks them for
 * another, as OpenBao does. They are made to fetch, once the key is out of what is published as seen from outside. What is
 * not proved is open. Throws only the signal's reason.
 */
export async function endWithdrawn(
  context: PartContext,
  kid: string,
  signal: AbortSignal,
): Promise<readonly AccessEnding[]> {
  const places = (await theftAnswersOfParties(context)).flatMap(({ party, place, forget }): KeepingParty[] =>
    forget === undefined ? [] : [{ party, place, forget }],
  );
  if (places.length === 0) return [];
  const published = await stillPublished(context, kid, signal);
  if (published !== undefined) return places.map((one) => openPlace(one, kid, published));
  return mapLimit(places, (one) => forgottenAt(one, kid, signal));
}
