import type { InjectionNote } from "./notes.ts";
import { limits } from "./patterns.ts";

/** Whether a text has so many characters at most. They are code points, as CEL counts them. */
export function isWithin(text: string, max: number): boolean {
  if (text.length <= max) return true;
  const pairs = text.match(/[\u{10000}-\u{10FFFF}]/gu)?.length ?? 0;
  return text.length - pairs <= max;
}

/** Whether a ServiceAccount's value is too long to be used, for any relying party and by any injector. */
export function isTooLong(value: string | undefined): boolean {
  return value !== undefined && !isWithin(value, limits.maxValue);
}

/** A value as copies of it are kept: of one that is too long as much as shows that it is. */
export function keptValue(value: string): string {
  if (!isTooLong(value)) return value;
  return Array.from(value.slice(0, 2 * (limits.maxValue + 1)))
    .slice(0, limits.maxValue + 1)
    .join("");
}

/** The text about such an annotation, before its key and behind it. */
export const tooLongTexts = [
  "annotation ",
  ` of the ServiceAccount is longer than ${limits.maxValue} characters, and not used`,
] as const;

/** The text about a ConfigMap that has too much of an attribute: before its name, between that and the attribute, behind it. */
export const longListTexts = [
  "the ConfigMap ",
  ` has more than ${limits.maxList} characters of `,
  ", which are not read",
] as const;

/** The note on a ServiceAccount's annotation that is too long. */
export function tooLongNote(key: string): InjectionNote {
  return { reason: "InjectionAnnotationInvalid", text: tooLongTexts.join(key) };
}
