/** Writes the pages that VitePress reads: `site/.cache/pages/`, from docs/ and what else the site shows. */
import { cpSync, globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root, sitePage, sitePages } from "./source.ts";

const folder = join(import.meta.dirname, "../.cache/pages");
rmSync(folder, { recursive: true, force: true });
const pages = sitePages();
for (const [source, page] of pages) {
  const file = join(folder, page);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, sitePage(source, pages));
}
for (const image of globSync("docs/**/*.svg", { cwd: root })) {
  const file = join(folder, image.slice("docs/".length));
  mkdirSync(dirname(file), { recursive: true });
  cpSync(join(root, image), file);
}
cpSync(
  join(root, "docs/reference/podtrust.schema.json"),
  join(folder, "public/reference/podtrust.schema.json"),
);
