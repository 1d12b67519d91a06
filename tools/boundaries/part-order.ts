/**
 * The order inside a folder. The parts of a folder are its files and its folders, and a folder in it is one part with all
 * that stands below. An import is an arrow of one folder alone, the innermost that both files are in: from the part around
 * the one file to the part around the other. The rule: a folder's arrows never lead back to where they began, over however
 * many parts. It holds for every folder below src/ and for src/ itself, a room or not.
 *
 * So a folder may import its own folders, the folders beside it and the files beside it, where none of these leads back to
 * it. In particular nothing below a folder imports its door, nor a file above that gathers what is below. An import
 * **runs back up** where its arrow is in a circle. All of a circle's imports count, since which of them is the wrong one is
 * for a person to say. The cure is to move a file to where it stands above, or below, both.
 */
import { sep } from "node:path";

/** One file of src/ imports another. */
export interface FileImport {
  readonly file: string;
  readonly path: string;
}

interface Arrow extends FileImport {
  readonly folder: string;
  readonly from: string;
  readonly to: string;
}

/** The arrow of an import; undefined for a file that imports itself, which is a circle of files. */
function arrowOf({ file, path }: FileImport): Arrow | undefined {
  const [importing, imported] = [file.split(sep), path.split(sep)];
  const depth = importing.findIndex((name, index) => name !== imported[index]);
  if (depth < 0) return undefined;
  const partIn = (names: readonly string[]): string =>
    `${names[depth] ?? ""}${depth < names.length - 1 ? "/" : ""}`;
  const folder = importing.slice(0, depth).join("/");
  return { file, path, folder, from: partIn(importing), to: partIn(imported) };
}

/** The parts to which arrows lead from one, over however many parts. */
function reachedFrom(start: string, targets: ReadonlyMap<string, ReadonlySet<string>>): ReadonlySet<string> {
  const reached = new Set<string>();
  const waiting = [start];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop())
    for (const next of targets.get(part) ?? [])
      if (!reached.has(next)) {
        reached.add(next);
        waiting.push(next);
      }
  return reached;
}

/** Those of a folder's arrows that are in a circle. */
function returning(arrows: readonly Arrow[]): readonly Arrow[] {
  const targets = new Map<string, Set<string>>();
  for (const { from, to } of arrows) targets.set(from, (targets.get(from) ?? new Set()).add(to));
  const reached = new Map([...targets.keys()].map((part) => [part, reachedFrom(part, targets)]));
  return arrows.filter(({ from, to }) => reached.get(to)?.has(from) === true);
}

/** The imports that run back up, by the folder in which they do. */
export function importsBackUp(imports: readonly FileImport[]): ReadonlyMap<string, readonly FileImport[]> {
  const arrows = Map.groupBy(
    imports.map(arrowOf).filter((arrow) => arrow !== undefined),
    ({ folder }) => folder,
  );
  const found = [...arrows].map(([folder, all]) => [folder, returning(all)] as const);
  return new Map(found.filter(([, back]) => back.length > 0).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
