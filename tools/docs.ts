/**
 * Writes the reference pages that are made from code, or with --check says which of them are stale.
 *
 *   node tools/docs.ts            writes docs/reference/…
 *   node tools/docs.ts --check    exits 1 when a page on disk is not what the code says
 */
import { globSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

/** One page: a file of tools/docs/ exports one, or several of a kind, as its default. */
export interface GeneratedPage {
  /** Relative to the project: `docs/reference/errors.md`. */
  readonly path: string;
  render(): string | Promise<string>;
}

const root = join(import.meta.dirname, "..");

/** Every page, in the order of their files. */
export async function generatedPages(): Promise<readonly GeneratedPage[]> {
  const files = globSync("tools/docs/*.ts", { cwd: root }).sort();
  if (files.length === 0) throw new TypeError("no generator was found in tools/docs");
  const loaded = files.map(async (file) => {
    const module = (await import(pathToFileURL(join(root, file)).href)) as {
      default?: GeneratedPage | readonly GeneratedPage[];
    };
    if (module.default === undefined) throw new TypeError(`${file} exports no page`);
    return module.default;
  });
  return (await Promise.all(loaded)).flat();
}

/** Paths of the pages on disk that differ from what the code says. */
export async function stalePages(): Promise<readonly string[]> {
  const stale: string[] = [];
  for (const page of await generatedPages()) {
    const written = await readFile(join(root, page.path), "utf8").catch(() => undefined);
    if (written !== (await page.render())) stale.push(page.path);
  }
  return stale;
}

async function writePages(): Promise<void> {
  for (const page of await generatedPages()) {
    const file = join(root, page.path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, await page.render());
    console.log(`wrote ${page.path}`);
  }
}

if (process.argv[1] === import.meta.filename) {
  if (process.argv.includes("--check")) {
    const stale = await stalePages();
    for (const path of stale) console.error(`${path} is stale: run npm run docs`);
    process.exitCode = stale.length === 0 ? 0 : 1;
  } else await writePages();
}
