import type { Command } from "commander";
import type { ActionContext } from "./context.ts";

/**
 * Adds one command to the program. The file holds the command's words only; what does the work is imported
 * inside the action, so that `podtrust --help` loads none of it.
 */
type DefineCommand = (program: Command, context: ActionContext) => void;

/** Commands that are for the same, under one title in help. */
export interface CommandGroup {
  /** `Set up` */
  readonly title: string;
  readonly commands: readonly DefineCommand[];
}

/** How one command is typed, and where more is said of it: what its help text ends with. */
export interface CommandUse {
  /** Lines for a shell; each is a command of ours, or begins with one. */
  readonly examples: readonly string[];
  /** A file of docs/how-to/ or docs/tutorial/, without its ending. */
  readonly guide?: string;
}

/** By the full name of a command that can be run, without the program's: `rotate status`. */
export type CommandUses = Readonly<Record<string, CommandUse>>;

/** A program: its name, what it is for, and its commands in the order in which help lists them. */
export interface CommandTree {
  readonly name: string;
  readonly description: string;
  readonly groups: readonly CommandGroup[];
  /** Makes the program itself a command, which may have others below it: `podtrust-sandbox --port 0`. */
  readonly root?: (program: Command, context: ActionContext) => void;
  readonly uses?: CommandUses;
  /** What the actions of this program work with beside what every program's have. */
  readonly extend?: (context: ActionContext) => ActionContext;
}
