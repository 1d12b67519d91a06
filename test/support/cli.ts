import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Readable } from "node:stream";
import { type Host, run } from "../../src/cli/index.ts";
import { defined, shellWord } from "../../src/core/base/index.ts";
import { TestClock } from "./clock.ts";
import { noHome } from "./nowhere.ts";
import { maxWait } from "./until.ts";

/** The program as its source. */
export const mainFile: string = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

const compiled = process.env["NODE_COMPILE_CACHE"];
/** Where the children of a run keep what Node has compiled: without it each compiles all of its modules anew. */
export const compileCache: Readonly<Record<string, string>> = defined({ NODE_COMPILE_CACHE: compiled });

/** A shell's function or program that runs the source with the arguments that it has: its last line. */
export const podtrustScript: string = [
  ...Object.entries(compileCache).map(([name, value]) => `export ${name}=${shellWord(value)}`),
  `exec ${shellWord(process.execPath)} ${shellWord(mainFile)} "$@"`,
].join("\n");

/** How a command ended, and what it said. */
export interface CliResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface ChildOptions {
  readonly cwd?: string;
  /** Beside PATH and HOME, which are always given; nothing else of the test's own environment is. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the child once it runs, for example to send it a signal. */
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
  /** Called with all of standard output whenever there is more of it, for example to end the child once it is ready. */
  readonly onOutput?: (out: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs `podtrust ARGS` as a child process. */
export function podtrustChild(args: readonly string[], options: ChildOptions = {}): Promise<CliResult> {
  const env = {
    PATH: process.env["PATH"],
    HOME: noHome,
    NODE_NO_WARNINGS: "1",
    ...compileCache,
    ...options.env,
  };
  const child = spawn(process.execPath, [mainFile, ...args], { env, cwd: options.cwd, timeout: maxWait });
  const kill = (signal: NodeJS.Signals): void => void child.kill(signal);
  options.onStart?.(kill);
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said.out += text;
    options.onOutput?.(said.out, kill);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.err += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...said }));
  });
}

/** A host of memory: no variables, nothing to read, and nobody who listens. */
export function podtrustHost(): Host {
  return {
    env: {},
    cwd: "/",
    program: [process.execPath, mainFile],
    stdin: Readable.from([]),
    stdout: { write: () => true },
    stderr: { write: () => true },
    signal: new AbortController().signal,
    onHangup: () => () => {},
    pid: 1,
    uid: 1000,
    clock: new TestClock(),
  };
}

/** Runs `podtrust ARGS` inside this process, on a host of memory. */
export async function podtrustHere(args: readonly string[], host: Partial<Host> = {}): Promise<CliResult> {
  const said = { out: "", err: "" };
  const code = await run(args, {
    ...podtrustHost(),
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
    ...host,
  });
  return { code, ...said };
}
