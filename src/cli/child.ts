import { spawn } from "node:child_process";
import { errorText, PodtrustError } from "../base/index.ts";
import type { CommandContext } from "./context.ts";
import { programExit } from "./exit.ts";

/**
 * Runs a program for the user, with his terminal, and exits as it does. Signals of the terminal are the program's:
 * it gets them itself, and this waits for its end. Throws `program-missing`.
 */
export async function runProgram(
  context: CommandContext,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = context.env,
): Promise<void> {
  const child = spawn(program, args, { env: { ...env }, cwd: context.cwd, stdio: "inherit" });
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === "ENOENT"
          ? "is not installed, or not in PATH"
          : `cannot be started: ${errorText(cause)}`;
      reject(new PodtrustError("program-missing", `${program} ${why}`, { cause, detail: { program } }));
    });
    child.once("close", (exit) => resolve(exit ?? 1));
  });
  context.exitCode = programExit(code);
}
