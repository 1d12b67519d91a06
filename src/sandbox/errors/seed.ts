import { defined, isRecord, isTexts, PodtrustError } from "../../core/base/index.ts";
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

/** What a member of a seed's piece has to be. */
export interface SeedMember {
  readonly is: (value: unknown) => boolean;
  /** In words: `a text`. */
  readonly form: string;
  readonly isNeeded?: true;
  /** Members of each piece of a list. */
  readonly each?: SeedMembers;
}

/** The members of a piece, by name. Those that are needed are looked for first. */
export type SeedMembers = Readonly<Record<string, SeedMember>>;

const isText = (value: unknown): boolean => typeof value === "string";

/** Members that seeds of every cloud have. */
export const seedMembers = {
  text: { is: isText, form: "a text" },
  needed: { is: isText, form: "a text", isNeeded: true },
  texts: { is: isTexts, form: "a list of texts" },
} as const satisfies SeedMembers;

function checkPiece(piece: unknown, members: SeedMembers, where: string): void {
  if (!isRecord(piece)) return refuseSeed(`${where} is not an object`);
  refuseUnknownMember(piece, Object.keys(members), where);
  const all = Object.entries(members);
  for (const [name, { isNeeded }] of all)
    if (isNeeded === true && piece[name] === undefined) refuseSeed(`${where} has no ${name}`);
  for (const [name, { is, form, each }] of all) {
    const value = piece[name];
    if (value === undefined) continue;
    if (!is(value)) refuseSeed(`${where}.${name} is not ${form}`);
    if (each !== undefined) checkPieces(value as readonly unknown[], each, `${where}.${name}`);
  }
  return undefined;
}

function checkPieces(pieces: readonly unknown[], members: SeedMembers, where: string): void {
  for (const [index, piece] of pieces.entries()) checkPiece(piece, members, `${where}[${index}]`);
}

/**
 * Reads a seed of unknown form, from tests or the control API: lists of pieces. Throws `sandbox-seed`, with `what` as
 * the seed's name.
 */
export function seedOf<Seed extends object>(
  value: unknown,
  parts: Readonly<Record<keyof Seed, SeedMembers>>,
  what: string,
): Seed {
  if (!isRecord(value)) return refuseSeed("a seed is an object");
  refuseUnknownMember(value, Object.keys(parts), what);
  for (const [part, members] of Object.entries<SeedMembers>(parts)) {
    const pieces = value[part] ?? [];
    if (!Array.isArray(pieces)) return refuseSeed(`${part} is not a list`);
    checkPieces(pieces, members, part);
  }
  return value as Seed;
}
