/** The files that the lists of tools/rooms.ts mean. */
import { globSync } from "node:fs";

/** The files that each pattern matches, below the working directory. Throws for a pattern that matches none. */
export function filesOf(list: string, patterns: readonly string[]): string[] {
  const found = patterns.map((pattern) => ({ pattern, files: globSync(pattern) }));
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
