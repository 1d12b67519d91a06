/**
 * `npm run bench`: measures, and writes what came out into docs/reference/benchmarks/: a page, and the
 * figures as JSON, from which docs/images/benchmarks/ is drawn.
 *
 *   npm run bench                      all of it
 *   npm run bench -- commands          one part, or several: `parts` below names them
 *   npm run bench -- publisher --quick for a look; writes nothing
 *   npm run bench -- from-nothing --boot  also on a machine that boots (test/machine/)
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { type BenchPart, codeOf, measuredFolders, withCode } from "../../tools/docs/benchmarks/age.ts";
import { benchCommands } from "./commands.ts";
import { benchDoctor } from "./doctor.ts";
import { benchFromNothing } from "./from-nothing.ts";
import { benchHostile } from "./hostile.ts";
import { benchMap } from "./map.ts";
import { benchAdmission, benchOperator } from "./operator/operator.ts";
import { type Figures, type PlottedPage, plotSvg } from "./plot.ts";
import { benchPublisher } from "./publisher.ts";
import { benchSandbox } from "./sandbox.ts";
import { benchSigner } from "./signer.ts";

/** Gives the page's text, and what its plot is drawn from. */
type Measure = (options: Options) => Promise<PlottedPage>;

interface Options {
  readonly quick: boolean;
  readonly boots: boolean;
}

/** The page of a part. */
const pathOf = (part: string): string =>
  join(import.meta.dirname, `../../docs/reference/benchmarks/${part}.md`);

const parts: Readonly<Record<BenchPart, Measure>> = {
  publisher: ({ quick }) => benchPublisher(quick),
  commands: ({ quick }) => benchCommands(quick),
  "from-nothing": async (options) =>
    benchFromNothing({ ...options, page: await readFile(pathOf("from-nothing"), "utf8") }),
  sandbox: ({ quick }) => benchSandbox(quick),
  hostile: ({ quick }) => benchHostile(quick),
  operator: ({ quick }) => benchOperator(quick),
  admission: ({ quick }) => benchAdmission(quick),
  map: ({ quick }) => benchMap(quick),
  doctor: ({ quick }) => benchDoctor(quick),
  signer: ({ quick }) => benchSigner(quick),
};

/** The figures beside the page, and the plot of them: what is not measured anew keeps neither a JSON nor a plot. */
async function writePlot(part: string, figures: Figures): Promise<void> {
  await writeFile(pathOf(part).replace(/md$/u, "json"), `${JSON.stringify(figures, undefined, 2)}\n`);
  const folder = join(import.meta.dirname, "../../docs/images/benchmarks");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${part}.svg`), plotSvg(figures));
}

const words = process.argv.slice(2);
const options: Options = {
  quick: words.includes("--quick"),
  boots: words.includes("--boot"),
};
const wanted = words.filter((word) => !["--quick", "--boot"].includes(word));
const unknown = wanted.find((name) => !(name in parts));
if (unknown !== undefined)
  throw new TypeError(`no part ${unknown} of the bench: ${Object.keys(parts).join(", ")}`);

// No user has it: with it a command starts in two thirds of the time.
delete process.env["NODE_COMPILE_CACHE"];
for (const [name, measure] of Object.entries(parts) as [BenchPart, Measure][]) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  // Of the code before: what changes while it is measured makes the page older.
  const code = codeOf(measuredFolders[name]);
  const { text, figures } = await measure(options);
  console.log(text);
  if (options.quick) continue;
  await writeFile(pathOf(name), withCode(text, code));
  await writePlot(name, figures);
}
