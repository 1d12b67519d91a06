import type { Command } from "commander";
import type { CommandContext, Naming } from "./context.ts";

/**
 * Adds one command to the program. The file holds the command's words only; what does the work is imported
 * inside the action, so that `podtrust --help` loads none of it.
 */
type DefineCommand = (program: Command, context: CommandContext) => void;

/** A program: its name, what it is for, and its commands in the order in which help lists them. */
export interface CommandTree {
  readonly name: string;
  readonly description: string;
  readonly commands: readonly DefineCommand[];
  /** Absent where configs have to name the issuer. */
  readonly naming?: Naming;
}
