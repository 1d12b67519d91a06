import { defined, nearest, PodtrustError } from "../../core/base/index.ts";
import type { HetznerApi } from "./client.ts";
import type { AnswerFields } from "./fields.ts";

/** A location in which a type is offered. */
export interface OfferLocation {
  readonly name: string;
  readonly available: boolean;
  /** Milliseconds since the epoch after which it can no longer be bought. */
  readonly until?: number;
}

export interface ServerType {
  readonly name: string;
  /** `x86` or `arm`. */
  readonly architecture: string;
  readonly cores: number;
  /** GB. */
  readonly memory: number;
  readonly places: readonly OfferLocation[];
}

export interface Image {
  readonly id: number;
  readonly name: string;
  /** When its end was announced; absent where it was not. */
  readonly deprecated?: string;
}

function placeOf(fields: AnswerFields): OfferLocation {
  const until = Date.parse(fields.optionalFields("deprecation")?.optionalText("unavailable_after") ?? "");
  return {
    name: fields.text("name"),
    // Older answers said it elsewhere, and not here.
    available: !fields.has("available") || fields.flag("available"),
    ...(Number.isNaN(until) ? {} : { until }),
  };
}

function typeOf(fields: AnswerFields): ServerType {
  return {
    name: fields.text("name"),
    architecture: fields.text("architecture"),
    cores: fields.number("cores", 0),
    memory: fields.number("memory", 0),
    places: fields.list("locations").map(placeOf),
  };
}

function unknown(what: string, name: string, known: readonly string[]): PodtrustError {
  const near = nearest(name, known);
  const next = near === undefined ? `Choose one of ${known.join(", ")}.` : `Did you mean ${near}?`;
  return new PodtrustError("hetzner-unknown", `Hetzner knows no ${what} ${name}`, {
    next: known.length === 0 ? `Correct machine.hetzner.` : next,
    detail: { name },
  });
}

/** A server type by its name. Throws `hetzner-unknown` with the nearest existing one. */
export async function findServerType(
  api: HetznerApi,
  name: string,
  signal: AbortSignal,
): Promise<ServerType> {
  const found = (await api.list("server_types", signal, [["name", name]])).map(typeOf);
  const named = found.find((one) => one.name === name);
  if (named !== undefined) return named;
  const all = (await api.list("server_types", signal)).map(typeOf);
  const now = api.clock.now();
  const sold = all.filter(({ places }) => places.some((place) => canBeHad(place, now)));
  throw unknown(
    "server type",
    name,
    sold.map((one) => one.name),
  );
}

/** The image of a name for an architecture. Throws `hetzner-unknown`. */
export async function findImage(
  api: HetznerApi,
  { name, architecture }: { readonly name: string; readonly architecture: string },
  signal: AbortSignal,
): Promise<Image> {
  const query = [
    ["name", name],
    ["architecture", architecture],
    ["include_deprecated", "true"],
  ] as const;
  const found = (await api.list("images", signal, query)).find(
    (one) => one.optionalText("name") === name && one.optionalText("architecture") === architecture,
  );
  if (found === undefined) {
    const all = await api.list("images", signal, [
      ["type", "system"],
      ["architecture", architecture],
    ]);
    const known = all.flatMap((one) => one.optionalText("name") ?? []);
    throw unknown(`image for ${architecture} called`, name, known);
  }
  const deprecated = found.optionalText("deprecated");
  return { id: found.id("id"), name, ...defined({ deprecated }) };
}

/** Throws `hetzner-unknown` for a location that does not exist. */
export async function checkLocation(api: HetznerApi, name: string, signal: AbortSignal): Promise<void> {
  const found = await api.list("locations", signal, [["name", name]]);
  if (found.some((one) => one.text("name") === name)) return;
  const all = (await api.list("locations", signal)).map((one) => one.text("name"));
  throw unknown("location", name, all);
}

function canBeHad({ available, until = Infinity }: OfferLocation, now: number): boolean {
  return available && now < until;
}

/** What is bought, and where. */
export interface Choice {
  readonly type: string;
  readonly location: string;
}

/** What may be bought, each in the order in which it is tried. */
export interface Choices {
  readonly types: readonly string[];
  readonly locations: readonly string[];
  /** Those of the locations in which addresses of the stack stand: any type there comes before another location. */
  readonly near: readonly string[];
}

/**
 * Of several types and locations those to buy now: the first type that is sold in one of the locations. Where none is sold it
 * is the first of both, and `notSold` says why. Asks nothing where there is no choice.
 */
export async function chooseOffer(
  api: HetznerApi,
  { types, locations, near }: Choices,
  signal: AbortSignal,
): Promise<Choice> {
  const groups = [near, locations.filter((one) => !near.includes(one))];
  const all = groups.flatMap((group) =>
    types.flatMap((type) => group.map((location) => ({ type, location }))),
  );
  const [first] = all;
  if (first === undefined) throw new TypeError("a choice of nothing");
  if (all.length === 1) return first;
  const sold = (await api.list("server_types", signal)).map(typeOf);
  const now = api.clock.now();
  const isSold = ({ type, location }: Choice): boolean =>
    sold.some((one) => one.name === type && notSold(one, location, now) === undefined);
  return all.find(isSold) ?? first;
}

/** Why a type cannot be bought in a location now; undefined where it can. */
export function notSold(
  { name, places }: ServerType,
  location: string,
  now: number,
): PodtrustError | undefined {
  const place = places.find((one) => one.name === location);
  if (place !== undefined && canBeHad(place, now)) return undefined;
  const why =
    place === undefined
      ? "is not offered there"
      : place.until !== undefined && now >= place.until
        ? "is no longer sold there"
        : "is sold out there for now";
  const others = places.filter((one) => canBeHad(one, now)).map((one) => one.name);
  const next =
    others.length === 0
      ? "It can be had nowhere now: choose another type in machine.hetzner, or try again later."
      : `It can be had in ${others.join(", ")}: choose one as machine.hetzner.location, or another type.`;
  return new PodtrustError("hetzner-sold-out", `server type ${name} in ${location}: ${why}`, {
    next,
    detail: { type: name, location, availableIn: others },
  });
}
