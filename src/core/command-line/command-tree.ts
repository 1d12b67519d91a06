import type { Command } from "commander";
import { asPodtrustError, catalogue, PodtrustError } from "../base/index.ts";
import { createContext, type Switches } from "./context.ts";
import { type ExitCode, exitCodeOf, exitCodeOfSignal, type Host } from "../terminal/index.ts";
import { printFailure } from "./failure.ts";
import { commandNamed, fullName, refuseHelpForNothing } from "./help.ts";
import type { CommandTree } from "./tree.ts";
import { CommanderError, createProgram, parse, usageError } from "./program.ts";

function failureOf(thrown: unknown, host: Host): PodtrustError | undefined {
  if (thrown instanceof CommanderError) return usageError(thrown);
  if (thrown instanceof PodtrustError) return thrown;
  // What was under way when a signal came fails in many ways, all of them meaning the same.
  if (host.signal.aborted) return new PodtrustError("interrupted", "ended by a signal", { cause: thrown });
  return asPodtrustError(thrown);
}

/** A usage error without a next step of its own points to the help of its command. */
function withHelp(error: PodtrustError, program: Command, args: readonly string[]): PodtrustError {
  if (error.code !== "usage" || error.next !== catalogue.usage.next) return error;
  const { message, detail, cause } = error;
  const next = `See \`${fullName(commandNamed(program, args))} --help\`.`;
  return new PodtrustError("usage", message, { next, detail, cause });
}

/** Switches as they were typed, for errors that come before the command line is understood. */
function typedSwitches(args: readonly string[]): Switches {
  const end = args.indexOf("--");
  const typed = end === -1 ? args : args.slice(0, end);
  return { json: typed.includes("--json"), verbose: typed.includes("-v") || typed.includes("--verbose") };
}

/** Runs one command line (without `node` and the program's name) and gives its exit code; never throws. */
export async function runTree(args: readonly string[], host: Host, tree: CommandTree): Promise<ExitCode> {
  const switches = typedSwitches(args);
  const plain = createContext(host, switches);
  const context = tree.extend?.(plain) ?? plain;
  const program = await createProgram(context, switches, tree, args);
  try {
    refuseHelpForNothing(program, args);
    await parse(program, args);
    // Half-way is a failure that the signal made; what a watch saw before it ended is no failure.
    return context.exitCode === 1 ? (exitCodeOfSignal(host.signal) ?? 1) : context.exitCode;
  } catch (thrown) {
    const error = failureOf(thrown, host);
    if (error === undefined) return 0;
    if (switches.repeat === undefined) await switches.loadRepeat?.();
    printFailure(context, withHelp(error, program, args));
    return exitCodeOfSignal(host.signal) ?? exitCodeOf(error);
  }
}
