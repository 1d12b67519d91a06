import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { importsIn } from "../imports.ts";

/** All that modules need: the modules that they import, they themselves, and the packages of npm. */
export interface Closure {
  /** Paths of sources, as `src/sandbox/index.ts`, sorted. */
  readonly files: readonly string[];
  /** Names of packages, as `commander`, sorted. */
  readonly packages: readonly string[];
}

/** `@scope/name` or `name` of what an import names. */
function packageOf(target: string): string {
  return target.split("/", target.startsWith("@") ? 2 : 1).join("/");
}

/**
 * Walks the imports of modules below the working directory: of sources those of types as well, of what was built those that
 * its scripts or its declarations have. `fileOf` is the file that an import's path means, and `read` gives its text.
 */
export function closureOf(
  entries: readonly string[],
  fileOf: (path: string) => string = (path) => path,
  read: (file: string) => string = (file) => readFileSync(file, "utf8"),
): Closure {
  const files = new Set<string>();
  const packages = new Set<string>();
  const waiting = [...entries];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const target of importsIn(read(file))) {
      if (target.startsWith(".")) waiting.push(fileOf(normalize(join(dirname(file), target))));
      else if (!target.startsWith("node:")) packages.add(packageOf(target));
    }
  }
  return { files: [...files].sort(), packages: [...packages].sort() };
}
