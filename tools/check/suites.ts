/** Which suites a change reaches, by the imports that lead from them to what changed. */
import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { importsIn } from "../imports.ts";
import { filesOfGroup, groups } from "../test/groups.ts";

/** Modules by their paths, with what each imports: at once, lazily, or for its types alone. */
function importersOf(sources: ReadonlyMap<string, string>): ReadonlyMap<string, readonly string[]> {
  const importers = new Map<string, string[]>();
  for (const [file, text] of sources)
    for (const target of importsIn(text).filter((one) => one.startsWith("."))) {
      const path = normalize(join(dirname(file), target));
      const known = importers.get(path);
      if (known === undefined) importers.set(path, [file]);
      else known.push(file);
    }
  return importers;
}

/** The modules that say the name of a file which is none: a fixture, a golden file, a page that a test reads. */
function readersOf(file: string, sources: ReadonlyMap<string, string>): readonly string[] {
  return [...sources].filter(([, text]) => text.includes(basename(file))).map(([module]) => module);
}

/**
 * The modules from which imports lead to a changed file, over however many others, and those files that are modules
 * themselves. `sources`: all modules of the tree, by their paths from its root.
 */
export function reachedBy(
  changed: readonly string[],
  sources: ReadonlyMap<string, string>,
): ReadonlySet<string> {
  const importers = importersOf(sources);
  const reached = new Set(
    // A module that was deleted is still imported by whoever was forgotten.
    changed.flatMap((file) => (file.endsWith(".ts") ? [file] : readersOf(file, sources))),
  );
  for (const file of reached) for (const importer of importers.get(file) ?? []) reached.add(importer);
  return reached;
}

/** Guards of the tree: they read files, and no import leads from them to what they guard. */
const guards = /^test\/(?:docs|gate)\//u;

export interface Suites {
  /** Of `npm test`: those that a change reaches, and all guards. */
  readonly run: readonly string[];
  /** Those that it reaches of the other groups of the day, by the groups' names. */
  readonly left: ReadonlyMap<string, readonly string[]>;
}

/** The suites for changed files, by their paths from the root of this tree. */
export function suitesFor(changed: readonly string[]): Suites {
  const modules = globSync("{src,test,tools}/**/*.ts");
  const reached = reachedBy(changed, new Map(modules.map((file) => [file, readFileSync(file, "utf8")])));
  const others = Object.keys(groups).filter((name) => name !== "unit" && groups[name]?.isNightly !== true);
  const left = others.map((name) => [name, filesOfGroup(name).filter((file) => reached.has(file))] as const);
  return {
    run: filesOfGroup("unit").filter((file) => reached.has(file) || guards.test(file)),
    left: new Map(left.filter(([, files]) => files.length > 0)),
  };
}
