/** A file of a few lines that one other alone imports is part of that one: half of a walk through files is opening them. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { importsIn } from "../../tools/imports.ts";

const fewLines = 20;
const maxLines = 400;

const linesOf = (text: string): number => text.split("\n").length - 1;
/** A folder's entrance stays by itself, since the folder is imported by it. */
const isEntrance = (file: string): boolean => basename(file) === "index.ts";
const declaration =
  /^(?:export )?(?:default )?(?:declare )?(?:abstract )?(?:async )?(?:function|const|let|class|enum|interface|type) \w/mu;
/** An entrance that only says what leaves the folder: what is behind it belongs to no code there. */
const isDoor = (file: string, text: string): boolean => isEntrance(file) && !declaration.test(text);
const isProgram = (file: string): boolean => file.startsWith("src/") && !file.endsWith(".test.ts");

/**
 * Files that belong into their one importer: `FILE is part of IMPORTER`. What the program imports of its own files counts,
 * and not that their tests import them too; of what is there for tests every importer counts. What is imported while the program runs stays by
 * itself, since who does not need it does not load it; and no file grows past what a file may have.
 */
function partsOfOthers(sources: ReadonlyMap<string, string>): readonly string[] {
  const importers = new Map<string, Set<string>>();
  for (const [file, text] of sources) {
    for (const target of importsIn(text).filter((one) => one.startsWith("."))) {
      const path = normalize(join(dirname(file), target));
      importers.set(path, (importers.get(path) ?? new Set()).add(file));
    }
  }
  return [...sources].flatMap(([file, text]) => {
    const all = [...(importers.get(file) ?? [])];
    const own = isProgram(file) ? all.filter(isProgram) : [];
    const [importer = "", ...others] = own.length === 0 ? all : own;
    const into = sources.get(importer) ?? "";
    const isSmall = linesOf(text) < fewLines && linesOf(text) + linesOf(into) <= maxLines;
    const isPart = importer !== "" && others.length === 0 && !isEntrance(file) && !isDoor(importer, into);
    const isLazy = into.includes(`import("./${basename(file)}")`);
    return isSmall && isPart && !isLazy ? [`${file} is part of ${importer}`] : [];
  });
}

test("no file under 20 lines is imported by one other alone", () => {
  const files = globSync("{src,test,tools}/**/*.ts").map(
    (file) => [file, readFileSync(file, "utf8")] as const,
  );
  assert.ok(files.length > 1500, `${files.length} files: a walk that finds so few has not seen the house`);
  assert.deepEqual(partsOfOthers(new Map(files)), []);
});

test("a small file is told from one that is long, shared, a door, behind a door without code, lazy or too much for its importer; its test does not share it", () => {
  const small = "export const a = 1;\n";
  const importing = (name: string): string => `import { a } from "./${name}";\n`;
  const sources = {
    "src/a/small.ts": small,
    "src/a/big.ts": importing("small.ts"),
    "src/b/long.ts": small.repeat(20),
    "src/b/one.ts": importing("long.ts"),
    "src/c/shared.ts": small,
    "src/c/one.ts": importing("shared.ts"),
    "src/c/two.ts": importing("shared.ts"),
    "src/d/behind.ts": small,
    "src/d/index.ts": importing("behind.ts"),
    "src/e/lazy.ts": small,
    "src/e/one.ts": 'const { a } = await import("./lazy.ts");\n',
    "src/f/last.ts": small,
    "src/f/full.ts": importing("last.ts") + "\n".repeat(399),
    "src/g.ts": 'import { a } from "./d/index.ts";\n',
    "src/k/listed.ts": small,
    "src/k/index.ts": `${importing("listed.ts")}export const all = [a];\n`,
    "src/l/inner/index.ts": `${importing("row.ts")}export const rows = [a];\n`,
    "src/l/inner/row.ts": small.repeat(20),
    "src/l/one.ts": 'import { rows } from "./inner/index.ts";\n',
    "src/m/handed-on.ts": small,
    "src/m/index.ts": 'export { type A, a } from "./handed-on.ts";\nexport type { B } from "./b.ts";\n',
    "src/h/tested.ts": small,
    "src/h/one.ts": importing("tested.ts"),
    "src/h/tested.test.ts": importing("tested.ts"),
    "test/i/support.ts": importing("../../src/h/tested.ts"),
    "test/i/one.test.ts": importing("support.ts"),
    "tools/k/small.ts": small,
    "tools/k.ts": importing("k/small.ts"),
    "test/j/support.ts": small,
    "test/j/one.test.ts": importing("support.ts"),
    "test/j/two.test.ts": importing("support.ts"),
  };
  assert.deepEqual(partsOfOthers(new Map(Object.entries(sources))), [
    "src/a/small.ts is part of src/a/big.ts",
    "src/k/listed.ts is part of src/k/index.ts",
    "src/h/tested.ts is part of src/h/one.ts",
    "test/i/support.ts is part of test/i/one.test.ts",
    "tools/k/small.ts is part of tools/k.ts",
  ]);
});
