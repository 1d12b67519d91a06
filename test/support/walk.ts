/** In which order functions of src/ run, by conditional breakpoints that note their hit and never stop. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** A function of a file: `runUp`, or a method: `#reply`, `Around.of`. */
export interface Step {
  /** Relative to the project. */
  readonly file: string;
  readonly name: string;
}

/** Where a breakpoint is set. Lines and columns count from 0; types are stripped in place, so they are the source's. */
interface SourcePosition {
  readonly lineNumber: number;
  readonly columnNumber: number;
}

const escaped = (text: string): string => text.replaceAll(/[$()*+.?[\\\]^{|}]/gu, "\\$&");

/** Where the body of a function begins: behind its parameters, whose defaults do not always run. */
function bodyOf(text: string, definition: number): number {
  let depth = 0;
  for (let at = text.indexOf("(", definition); at < text.length; at += 1) {
    if (text[at] === "(") depth += 1;
    if (text[at] === ")") depth -= 1;
    if (depth === 0) return text.indexOf("{\n", at) + 1;
  }
  throw new Error("a parameter list without an end");
}

/** Where the body of a function or method begins. Throws where the file has none of that name, or several. */
function placeOf({ file, name }: Step): SourcePosition {
  const text = readFileSync(file, "utf8");
  const method = escaped(name.split(".").at(-1) ?? "");
  const definition = new RegExp(
    `^(?:(?:export )?(?:async )?function\\*? |[ ]+(?:static )?(?:async )?\\*?)${method}[(<](?!.*;$)`,
    "gmu",
  );
  const [found, ...others] = text.matchAll(definition);
  assert.ok(
    found !== undefined && others.length === 0,
    `${file} defines ${name} ${others.length} times more`,
  );
  const before = text.slice(0, bodyOf(text, found.index)).split("\n");
  return { lineNumber: before.length - 1, columnNumber: before.at(-1)?.length ?? 0 };
}

const seen = "__stepsOfAWalk";

/** Runs `work`, and gives the steps that ran, each once, in the order in which they ran first. */
export async function stepsOf(
  steps: readonly Step[],
  work: () => Promise<unknown>,
): Promise<readonly Step[]> {
  const hits: number[] = [];
  const session = new Session();
  session.connect();
  try {
    Object.assign(globalThis, { [seen]: hits });
    await session.post("Debugger.enable");
    for (const [index, step] of steps.entries()) {
      const url = pathToFileURL(resolve(step.file)).href;
      const condition = `globalThis.${seen}?.push(${index}), false`;
      await session.post("Debugger.setBreakpointByUrl", { url, condition, ...placeOf(step) });
    }
    await work();
  } finally {
    session.disconnect();
    Object.assign(globalThis, { [seen]: undefined });
  }
  return [...new Set(hits)].flatMap((index) => steps[index] ?? []);
}

/** Runs `work`, and gives the files below a folder of the project of which functions ran meanwhile, in alphabetical order. */
export async function filesRunIn(folder: string, work: () => Promise<unknown>): Promise<readonly string[]> {
  const start = pathToFileURL(`${resolve(folder)}/`).href;
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
    // What ran until now does not count.
    await session.post("Profiler.takePreciseCoverage");
    await work();
    const { result } = await session.post("Profiler.takePreciseCoverage");
    // What begins with the file is the file itself, as it is loaded.
    const ran = result.filter(({ functions }) =>
      functions.some(({ ranges: [whole] }) => (whole?.startOffset ?? 0) > 0 && (whole?.count ?? 0) > 0),
    );
    const files = ran.map(({ url }) => url).filter((url) => url.startsWith(start));
    return files.map((url) => url.slice(start.length)).toSorted();
  } finally {
    session.disconnect();
  }
}
