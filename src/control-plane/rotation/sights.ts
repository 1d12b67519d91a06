import { errorText, hostNameOf } from "../../core/base/index.ts";
import { type FamilySight, type IssuerRoute, seeByFamily } from "../../issuer/index.ts";
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
  /** A person takes what a company's proxy shows for what each address does; false by default. */
  readonly seenThroughProxy?: boolean;
}

/** What is published, by family or by place, and why one shows nothing. */
export interface Sights {
  readonly seen: readonly Sight[];
  readonly failures: readonly string[];
}

/** One look through a company's proxy. It says nothing of each address: with a stale one, tokens are refused there. */
function proxySight(issuer: string, { outcome, kids, why }: FamilySight, isTaken: boolean): Sights {
  const failed = outcome === "seen" ? [] : [`the proxy: ${why ?? ""}`];
  if (isTaken) return { seen: [{ where: "through the proxy", kids }], failures: failed };
  const host = hostNameOf(issuer);
  return {
    seen: [
      { where: `at each address of ${host}, which a proxy hides (--seen-through-proxy)`, kids: undefined },
    ],
    failures: [
      ...failed,
      `this machine reaches ${host} through the proxy of HTTPS_PROXY, so that no address was looked at by itself: look from a machine without one, or take what the proxy shows by --seen-through-proxy`,
    ],
  };
}

/**
 * Reads an issuer over each family of addresses that its name has. A family over which it cannot be read counts as one that
 * publishes nothing, so that no key is promoted past it. Where the name itself cannot be found, nothing is seen.
 */
async function issuerSights(
  issuer: string,
  { route, seenThroughProxy = false }: SightOptions,
  signal: AbortSignal,
): Promise<Sights> {
  const sights = await seeByFamily(issuer, route, signal);
  const proxied = sights.find(({ family }) => family === "the proxy");
  if (proxied !== undefined) return proxySight(issuer, proxied, seenThroughProxy);
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
export async function sightsOf(issuer: string, options: SightOptions, signal: AbortSignal): Promise<Sights> {
  const { given = [], isFetched = true } = options;
  const all = await Promise.all([
    ...(isFetched ? [issuerSights(issuer, options, signal)] : []),
    ...given.map((place) => givenSight(place, signal)),
  ]);
  return { seen: all.flatMap(({ seen }) => seen), failures: all.flatMap(({ failures }) => failures) };
}
