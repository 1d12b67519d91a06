import { defined, nearest, PodtrustError } from "../../core/base/index.ts";

/** Throws `sandbox-seed`: seeds also come from other programs, and a misspelt member would silently be ignored. */
export function refuseSeed(what: string, next?: string): never {
  throw new PodtrustError("sandbox-seed", what, defined({ next }));
}

/** Throws `sandbox-seed` if a piece of a seed has an unknown member. */
export function refuseUnknownMember(piece: object, known: readonly string[], where: string): void {
  const unknown = Object.keys(piece).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const near = nearest(unknown, known);
  const next = near === undefined ? `It has ${known.join(", ")}.` : `Did you mean ${near}?`;
  refuseSeed(`${where} has no ${unknown.slice(0, 100)}`, next);
}
