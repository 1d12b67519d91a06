import { defined, PodtrustError } from "../../core/base/index.ts";
import { unknownMember } from "./forms.ts";

/** Throws `sandbox-seed`: seeds also come from other programs, and a misspelt member would silently be ignored. */
export function refuseSeed(what: string, next?: string): never {
  throw new PodtrustError("sandbox-seed", what, defined({ next }));
}

/** Throws `sandbox-seed` if a piece of a seed has an unknown member. */
export function refuseUnknownMember(piece: object, known: readonly string[], where: string): void {
  const unknown = unknownMember(piece, known);
  if (unknown !== undefined) refuseSeed(`${where} has no ${unknown.name}`, unknown.next);
}
