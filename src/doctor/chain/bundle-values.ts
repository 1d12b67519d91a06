import { maxDate, type BundleValue } from "../index.ts";
import type { Look } from "../judge/index.ts";

/** The longest list of things of a stack: accounts, roles, pods. */
const maxThings = 10_000;
/** A list of things, each read. */
export function each<T>(part: BundleValue, read: (one: BundleValue) => T, max = maxThings): readonly T[] {
  return part.list(max).map(read);
}

/** A text of a bundle. */
export const textOf = (part: BundleValue): string => part.text(65_536);
export const textsOf = (part: BundleValue): readonly string[] => each(part, textOf);
/** A time in milliseconds since the epoch, or so many of anything else. */
export const timeOf = (part: BundleValue): number => part.number(maxDate);

/** What a look gave, or why it gave nothing. */
export function lookOf<T>(part: BundleValue, read: (seen: BundleValue) => T): Look<T> {
  const unseen = part.optional("unseen");
  return unseen === undefined ? { seen: read(part.member("seen")) } : { unseen: textOf(unseen) };
}

/** Texts by their names. */
export function textMapOf(part: BundleValue): Readonly<Record<string, string>> {
  return Object.fromEntries(part.entries().map(([name, one]) => [name, textOf(one)]));
}

/** A member that may be missing. */
export function maybe<T>(part: BundleValue, name: string, read: (one: BundleValue) => T): T | undefined {
  const one = part.optional(name);
  return one === undefined ? undefined : read(one);
}
