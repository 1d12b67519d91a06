import { asPodtrustError, PodtrustError } from "../base/index.ts";
import { createContext, type Switches } from "./context.ts";
import { type ExitCode, exitCodeOf } from "./exit.ts";
import { sayFailure } from "./failure.ts";
import type { Host } from "./host.ts";
import { CommanderError, createProgram, usageError } from "./program.ts";

function failureOf(thrown: unknown, host: Host): PodtrustError | undefined {
  if (thrown instanceof CommanderError) return usageError(thrown);
  if (thrown instanceof PodtrustError) return thrown;
  // What was under way when a signal came fails in many ways, all of them meaning the same.
  if (host.signal.aborted) return new PodtrustError("interrupted", "ended by a signal", { cause: thrown });
  return asPodtrustError(thrown);
}

/** Switches as they were typed, for errors that come before the command line is understood. */
function typedSwitches(args: readonly string[]): Switches {
  const end = args.indexOf("--");
  const typed = end === -1 ? args : args.slice(0, end);
  return { json: typed.includes("--json"), verbose: typed.includes("-v") || typed.includes("--verbose") };
}

/** Runs one command line (without `node` and the program's name) and gives its exit code; never throws. */
export async function run(args: readonly string[], host: Host): Promise<ExitCode> {
  const switches = typedSwitches(args);
  const context = createContext(host, switches);
  try {
    await createProgram(context, switches).parseAsync(args, { from: "user" });
    return context.exitCode;
  } catch (thrown) {
    const error = failureOf(thrown, host);
    if (error === undefined) return 0;
    sayFailure(context, error);
    return exitCodeOf(error);
  }
}
