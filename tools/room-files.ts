/** The files that the lists of tools/rooms.ts mean. */
import { globSync } from "node:fs";

/** The patterns that one with `{a,b}` stands for, each by itself. */
export function alternativesOf(pattern: string): readonly string[] {
  const braces = /\{(?<names>[^{}]*)\}/u.exec(pattern);
  if (braces === null) return [pattern];
  const [before, after] = [pattern.slice(0, braces.index), pattern.slice(braces.index + braces[0].length)];
  const names = braces.groups?.["names"]?.split(",") ?? [];
  return names.flatMap((name) => alternativesOf(`${before}${name}${after}`));
}

/**
 * The files that each pattern matches, below the working directory, and of those the ones that `chooses` takes. Throws for
 * a pattern that leaves none, and for an alternative of its braces that does: those beside it would hide a file that was
 * renamed.
 */
export function filesOf(
  list: string,
  patterns: readonly string[],
  chooses: (file: string) => boolean = () => true,
): string[] {
  const found = patterns
    .flatMap(alternativesOf)
    .map((pattern) => ({ pattern, files: globSync(pattern).filter(chooses) }));
  const empty = found.filter(({ files }) => files.length === 0).map(({ pattern }) => pattern);
  if (empty.length > 0)
    throw new Error(
      `${list}: ${empty.join(", ")} matches no file, so nothing is guarded there. Mend the list.`,
    );
  return [...new Set(found.flatMap(({ files }) => files))].sort();
}

/** The modules and tests of rooms; throws for a room without any. */
export function filesOfRooms(list: string, rooms: readonly string[]): string[] {
  return filesOf(
    `${list} of tools/rooms.ts`,
    rooms.map((room) => `src/${room}/**/*.ts`),
  );
}
