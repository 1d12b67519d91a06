/**
 * `npm run bench`: measures, and writes what came out into docs/.
 *
 *   npm run bench                      all of it
 *   npm run bench -- commands          one part: publisher, commands, hostile, from-nothing
 *   npm run bench -- publisher --quick for a look; writes nothing
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { benchCommands } from "./commands.ts";
import { benchFromNothing } from "./from-nothing.ts";
import { benchHostile } from "./hostile.ts";
import { benchPublisher } from "./publisher.ts";

interface Part {
  /** In docs/. */
  readonly page: string;
  /** Gives the page's text. */
  readonly measure: (quick: boolean) => Promise<string>;
}

const parts: Readonly<Record<string, Part>> = {
  publisher: { page: "benchmarks.md", measure: benchPublisher },
  commands: { page: "benchmarks-commands.md", measure: benchCommands },
  "from-nothing": { page: "benchmarks-from-nothing.md", measure: benchFromNothing },
  hostile: { page: "benchmarks-hostile.md", measure: benchHostile },
};

const words = process.argv.slice(2);
const quick = words.includes("--quick");
const wanted = words.filter((word) => word !== "--quick");
const unknown = wanted.find((name) => !(name in parts));
if (unknown !== undefined)
  throw new TypeError(`no part ${unknown} of the bench: ${Object.keys(parts).join(", ")}`);

for (const [name, { page, measure }] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const text = await measure(quick);
  console.log(text);
  if (!quick) await writeFile(join(import.meta.dirname, "../../docs", page), text);
}
