import { type ChildProcess, spawn } from "node:child_process";
import {
  errorText,
  lineSplitter,
  type PersonProgram,
  PodtrustError,
  programEnvironment,
} from "../core/base/index.ts";
import type { CommandContext } from "./context.ts";
import { programExit, unbroken } from "../core/terminal/index.ts";

/** Resolves to a program's exit code; throws `program-missing`. */
function endOf(child: ChildProcess, program: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === "ENOENT"
          ? "is not installed, or not in PATH"
          : `cannot be started: ${errorText(cause)}`;
      reject(new PodtrustError("program-missing", `${program} ${why}`, { cause, detail: { program } }));
    });
    child.once("close", (exit) => resolve(exit ?? 1));
  });
}

/**
 * Gives a person's terminal to a program, with the variables it needs and `more`, and exits as it does. What
 * it prints goes to the terminal as it is: for interactive programs. Signals of the terminal are the
 * program's: it gets them itself, and this waits for its end. Throws `program-missing`.
 */
export async function runOnTerminal(
  context: CommandContext,
  program: PersonProgram,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const env = { ...programEnvironment(program, context.env), ...more };
  const child = spawn(program, args, { env, cwd: context.cwd, stdio: "inherit" });
  context.exitCode = programExit(await endOf(child, program));
}

/** Callbacks for the lines that a program prints. */
export interface LineListeners {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

/** Prints lines of another program: escaped, and whole. */
export function shownLines({ screen }: Pick<CommandContext, "screen">): LineListeners {
  return {
    out: (line) => screen.out.line(unbroken(line)),
    err: (line) => screen.err.line(unbroken(line)),
  };
}

/**
 * Runs a program that shows what others wrote: it has no terminal, no input but `input`, and each line of it goes to
 * `out` or `err`. Returns its exit code. It ends when the reader of our standard output does. Throws
 * `program-missing`.
 */
export async function runForLines(
  context: CommandContext,
  program: PersonProgram,
  args: readonly string[],
  { out, err, input = "" }: LineListeners & { readonly input?: string },
): Promise<number> {
  const env = programEnvironment(program, context.env);
  const child = spawn(program, args, { env, cwd: context.cwd, stdio: ["pipe", "pipe", "pipe"] });
  // A program that ends before it has read is seen by its exit code.
  child.stdin.on("error", () => {}).end(input);
  const splitters = [lineSplitter(out), lineSplitter(err)] as const;
  for (const [index, stream] of [child.stdout, child.stderr].entries()) {
    stream.setEncoding("utf8").on("data", (piece: string) => {
      splitters[index]?.push(piece);
      if (!context.screen.out.isOpen) child.kill();
    });
  }
  const code = await endOf(child, program);
  for (const splitter of splitters) splitter.end();
  return code;
}
