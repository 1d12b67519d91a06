import { errorText, hostNameOf } from "../../core/base/index.ts";
import { type IssuerRoute, seeByFamily } from "../../issuer/index.ts";
import type { Sight } from "../../rules/rotation/index.ts";

/** A relying party's place for uploaded keys. */
export interface KeyRecipient {
  /** For sentences. */
  readonly place: string;
  /** Its key IDs. Throws if it cannot be read. */
  look(signal: AbortSignal): Promise<readonly string[]>;
}

/** How what is published is seen. */
export interface SightOptions {
  readonly route: IssuerRoute;
  /** None by default. */
  readonly given?: readonly KeyRecipient[];
  /** True by default. */
  readonly isFetched?: boolean;
}

/** What is published, by family or by place, and why one shows nothing. */
export interface Sights {
  readonly seen: readonly Sight[];
  readonly failures: readonly string[];
}

/**
 * Reads an issuer over each family of addresses that its name has. A family over which it cannot be read counts as one that
 * publishes nothing, so that no key is promoted past it. Where the name itself cannot be found, nothing is seen.
 */
async function issuerSights(issuer: string, route: IssuerRoute, signal: AbortSignal): Promise<Sights> {
  const sights = await seeByFamily(issuer, route, signal);
  const addressed = sights.filter(({ outcome }) => outcome !== "absent");
  return {
    seen: addressed.map(({ family, kids }) => ({ where: `over ${family}`, kids })),
    failures:
      addressed.length === 0
        ? [`${hostNameOf(issuer)} has no address that can be found`]
        : addressed.flatMap(({ family, why }) => (why === undefined ? [] : [`${family}: ${why}`])),
  };
}

/** What a place has. One that cannot be read shows nothing: this run may have no credentials for it. */
async function givenSight(given: KeyRecipient, signal: AbortSignal): Promise<Sights> {
  const { place } = given;
  const where = `at ${place}`;
  try {
    return { seen: [{ where, kids: await given.look(signal) }], failures: [] };
  } catch (error) {
    signal.throwIfAborted();
    return { seen: [{ where, kids: undefined }], failures: [`${place}: ${errorText(error)}`] };
  }
}

/**
 * All that is published: in the issuer's own documents, unless no party fetches them (`isFetched`), and at
 * each place with uploaded keys.
 */
export async function sightsOf(
  issuer: string,
  { route, given = [], isFetched = true }: SightOptions,
  signal: AbortSignal,
): Promise<Sights> {
  const all = await Promise.all([
    ...(isFetched ? [issuerSights(issuer, route, signal)] : []),
    ...given.map((place) => givenSight(place, signal)),
  ]);
  return { seen: all.flatMap(({ seen }) => seen), failures: all.flatMap(({ failures }) => failures) };
}
