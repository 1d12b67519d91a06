/** The pages of the sandbox for other languages, whose programs are run as they stand at a sandbox of their own. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import type { TestContext } from "node:test";
import { startSandbox } from "../../src/sandbox/index.ts";
import { cleanAwsEnvironment, type ProgramRun, runProgram } from "./python-venv.ts";

const pages = join(import.meta.dirname, "../../docs/how-to/sandbox");

/** The one program that a page shows in a language, as its block is marked. */
export async function programOf(page: string, language: string): Promise<string> {
  const text = await readFile(join(pages, page), "utf8");
  const [block, ...others] = text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]+?)\`\`\``, "gu"));
  assert.ok(block?.[1] !== undefined && others.length === 0, `${page} shows one program in ${language}`);
  return block[1];
}

/** A folder with these files, removed after the test. */
export async function projectWith(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-page-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return folder;
}

/** What a language's own tools are given of this machine: where they keep what they downloaded, and their settings. */
export function environmentOf(...prefixes: readonly string[]): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) =>
    prefixes.some((prefix) => name.startsWith(prefix)),
  );
  return { HOME: process.env["HOME"] ?? "", ...(Object.fromEntries(own) as Record<string, string>) };
}

/** Whether programs are on the PATH and answer: the first that does not, as a reason; undefined when all do. */
export async function whyNot(
  ...lines: readonly (readonly [string, ...string[]])[]
): Promise<string | undefined> {
  for (const [file, ...args] of lines) {
    const { code } = await runProgram(file, args, { PATH: process.env["PATH"] ?? "" });
    if (code !== 0) return `${file} is not on the PATH`;
  }
  return undefined;
}

/** How a page's program is run. */
export interface PageRun {
  readonly page: string;
  /** The program's folder. */
  readonly folder: string;
  readonly line: readonly string[];
  /** For its tools, beside what the page exports. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds, compiling included. */
  readonly timeout: number;
}

/** Runs a page's program with what the page exports, and with nothing else of AWS, at a sandbox of its own. */
export async function atSandbox(t: TestContext, run: PageRun): Promise<ProgramRun> {
  const sandbox = await startSandbox({
    adminCredentials: join(run.folder, "admin.ini"),
    propagationMs: 0,
  });
  t.after(() => sandbox.close());
  await writeFile(join(run.folder, "control-token"), `${sandbox.controlToken}\n`, { mode: 0o600 });
  const exports = (await programOf(run.page, "sh"))
    .split("\n")
    .filter((line) => line.startsWith("export "))
    .map((line) => line.replaceAll("http://127.0.0.1:4580", sandbox.url));
  const script = ['cd "$0"', ...exports, 'exec "$@"'].join("\n");
  const args = ["-ec", script, run.folder, ...run.line];
  return runProgram("bash", args, cleanAwsEnvironment(run.env), run.timeout);
}
