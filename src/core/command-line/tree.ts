import type { Command } from "commander";
import type { ActionContext } from "./context.ts";

/**
 * What the `command.ts` of a command exports: its words only. What does the work is imported inside the action, so that
 * help loads none of it.
 */
export interface CommandWords {
  /** Adds options, arguments and action to a command that has its name and description. */
  readonly define: (command: Command, context: ActionContext) => void;
  readonly uses?: CommandUses;
}

/** A command as the program's help lists it. */
export interface CommandEntry {
  readonly name: string;
  /** What it does, in the imperative. */
  readonly description: string;
  /** Not listed: for programs of ours, not for people. */
  readonly hidden?: true;
  /** Runs until it is stopped, so that its memory counts; it says a hint only where it fails. */
  readonly lasting?: true;
  /** Called only where the command is named: a command line pays for no other command's words. */
  readonly load: () => Promise<CommandWords>;
}

/** Commands that are for the same, under one title in help. */
export interface CommandGroup {
  /** `Set up` */
  readonly title: string;
  readonly commands: readonly CommandEntry[];
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
  /** Of the root, and of what every program has; other commands bring theirs. */
  readonly uses?: CommandUses;
  /** Adds to the context of every program what the actions of this one need. */
  readonly extend?: (context: ActionContext) => ActionContext;
}

/** How every command of a program is typed. */
export async function everyUse({ groups, uses }: CommandTree): Promise<CommandUses> {
  const all = await Promise.all(groups.flatMap(({ commands }) => commands).map((entry) => entry.load()));
  return Object.assign({}, uses, ...all.map((words) => words.uses)) as CommandUses;
}
