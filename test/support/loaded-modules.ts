import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { compileCache, mainFile } from "./cli.ts";

/** Names each module on standard error as it is loaded: far cheaper than Node's own trace. */
const naming = `data:text/javascript,${encodeURIComponent(
  'import { registerHooks } from "node:module"; import { writeSync } from "node:fs";' +
    "registerHooks({ load(url, at, next) { writeSync(2, `loaded ${url}\n`); return next(url, at); } });",
)}`;

/** How long a run may take, in ms: one that never loads what it is waited for would last as long as its suite. */
const deadline = 120_000;

/** The modules of podtrust that a run loads, each below src/. One that goes on by itself is ended once `isDone` by all it said. */
export async function loadedModules(
  args: readonly string[],
  {
    cwd,
    env,
    isDone = () => false,
  }: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly isDone?: (said: string) => boolean;
  },
): Promise<readonly string[]> {
  const child = spawn(process.execPath, ["--import", naming, mainFile, ...args], {
    cwd,
    env: { PATH: process.env["PATH"], ...compileCache, ...env },
    timeout: deadline,
    killSignal: "SIGKILL",
  });
  let [out, err] = ["", ""];
  const look = (): void => {
    if (isDone(`${out}${err}`)) child.kill("SIGTERM");
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => ((out += text), look()));
  child.stderr.setEncoding("utf8").on("data", (text: string) => ((err += text), look()));
  await once(child, "close");
  const found = [...err.matchAll(/^loaded file:.*?\/src\/(.+\.ts)$/gmu)].map(([, file = ""]) => file);
  assert.ok(found.length > 100, `${args.join(" ")} was not traced: ${out}${err}`);
  return [...new Set(found)];
}
