/**
 * `npm run docs:diagrams`: writes docs/images/diagrams/, a picture of each text in tools/docs/diagrams/.
 *
 *   node tools/diagrams.ts
 */
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { readDiagram } from "./docs/diagrams/source.ts";
import { diagramSvg } from "./docs/diagrams/svg.ts";

const root = join(import.meta.dirname, "..");
const folder = "docs/images/diagrams";

/** The pictures as the texts have them, by their files; throws where there is no text. */
export function diagrams(): ReadonlyMap<string, string> {
  const sources = globSync("tools/docs/diagrams/*.txt", { cwd: root }).sort();
  if (sources.length === 0) throw new TypeError("no diagram was found in tools/docs/diagrams");
  return new Map(
    sources.map((source) => [
      `${folder}/${basename(source, ".txt")}.svg`,
      diagramSvg(readDiagram(readFileSync(join(root, source), "utf8"))),
    ]),
  );
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(join(root, folder), { recursive: true });
  for (const [file, svg] of diagrams()) {
    writeFileSync(join(root, file), svg);
    console.log(`wrote ${file}`);
  }
}
