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

type Targets = ReadonlyMap<string, ReadonlySet<string>>;

/** The parts to which arrows lead from one over however many parts, by the shortest way, and the part before each. */
function reachedFrom(start: string, targets: Targets): ReadonlyMap<string, string> {
  const before = new Map<string, string>();
  const waiting = [start];
  for (const part of waiting)
    for (const next of targets.get(part) ?? [])
      if (!before.has(next)) {
        before.set(next, part);
        waiting.push(next);
      }
  return before;
}

/** The way that leads to a part from itself over the fewest parts. */
function circleAround(part: string, before: ReadonlyMap<string, string>): readonly string[] {
  const circle = [part];
  for (let at = before.get(part); at !== undefined && at !== part; at = before.get(at)) circle.unshift(at);
  return [part, ...circle];
}

/** Parts of a folder that import one another. */
export interface Tangle {
  readonly folder: string;
  /** One way around, the shortest from its first part: `["a.ts", "b/", "a.ts"]`. */
  readonly circle: readonly string[];
  /** All imports that run back up between its parts. */
  readonly imports: readonly FileImport[];
}

function tanglesIn(folder: string, arrows: readonly Arrow[]): readonly Tangle[] {
  const targets = new Map<string, Set<string>>();
  for (const { from, to } of arrows) targets.set(from, (targets.get(from) ?? new Set()).add(to));
  const reached = new Map([...targets.keys()].map((part) => [part, reachedFrom(part, targets)]));
  const areOne = (a: string, b: string): boolean =>
    reached.get(a)?.has(b) === true && reached.get(b)?.has(a) === true;
  const tangled = [...targets.keys()].filter((part) => areOne(part, part)).toSorted();
  const firsts = tangled.filter((part, index) => !tangled.slice(0, index).some((one) => areOne(one, part)));
  return firsts.map((first) => ({
    folder,
    circle: circleAround(first, reached.get(first) ?? new Map<string, string>()),
    imports: arrows
      .filter(({ from, to }) => areOne(first, from) && areOne(first, to))
      .map(({ file, path }) => ({ file, path })),
  }));
}

/** What breaks the rule, folder by folder; files alone that import one another are a circle of imports, which is looked for elsewhere. */
export function tanglesOf(imports: readonly FileImport[]): readonly Tangle[] {
  const arrows = Map.groupBy(
    imports.map(arrowOf).filter((arrow) => arrow !== undefined),
    ({ folder }) => folder,
  );
  return [...arrows]
    .flatMap(([folder, all]) => tanglesIn(folder, all))
    .filter(({ circle }) => circle.some((part) => part.endsWith("/")));
}

/** `src/stack: a.ts → b/ → a.ts: …`, with an import for each arrow of the circle. */
export function tangleText({ folder, circle, imports }: Tangle): string {
  const leads = (from: string, to: string): string => {
    const found = imports.find((one) => {
      const arrow = arrowOf(one);
      return arrow?.from === from && arrow.to === to;
    });
    return `${found?.file ?? from} imports ${found?.path ?? to}`;
  };
  const steps = circle.slice(1).map((to, index) => leads(circle[index] ?? "", to));
  return (
    `${folder}: ${circle.join(" → ")} runs back up (${steps.join(", ")}); of these parts ` +
    `${imports.length} imports are in circles: move a file to where it stands above or below both`
  );
}
