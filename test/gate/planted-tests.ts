import { alternativesOf } from "../../tools/room-files.ts";

/** The path of a file that each pattern matches, and each alternative of its `{a,b}`, of those with `*` and `**`. */
export function oneFileEach(patterns: readonly string[]): string[] {
  return patterns
    .flatMap(alternativesOf)
    .map((pattern) => pattern.replaceAll("**/", "").replaceAll("*", "planted"));
}
