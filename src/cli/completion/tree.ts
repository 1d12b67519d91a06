import type { Command, Option } from "commander";
import { type ActionContext, type CommandTree, createProgram } from "../../core/command-line/index.ts";

/** One option as a shell completes it. */
export interface CompletionOption {
  /** `["-f", "--file"]` */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** The values it accepts, if they are a closed list. */
  readonly choices: readonly string[];
}

/** One command as a shell completes it. */
export interface CompletionNode {
  /** The words that lead here, after the program's name: `["rotate", "distrust"]`. */
  readonly path: readonly string[];
  readonly description: string;
  readonly options: readonly CompletionOption[];
  /** The closed lists of values that its arguments take. */
  readonly choices: readonly string[];
  readonly commands: readonly CompletionNode[];
}

function optionOf(option: Option): CompletionOption {
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    description: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
  };
}

/** The tree of commands with all that may be typed, as data. Hidden commands and options stay hidden. */
function completionTree(command: Command, path: readonly string[] = []): CompletionNode {
  const help = command.createHelp();
  const commands = help.visibleCommands(command).filter((sub) => sub.name() !== "help");
  return {
    path,
    description: command.summary() || command.description(),
    options: help.visibleOptions(command).map(optionOf),
    choices: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
    commands: commands.map((sub) => completionTree(sub, [...path, sub.name()])),
  };
}

/** Every node of a tree, parents first. */
export function everyNode(node: CompletionNode): readonly CompletionNode[] {
  return [node, ...node.commands.flatMap(everyNode)];
}

/** The tree of all commands of a program, hidden ones left out. */
export async function programNode(context: ActionContext, tree: CommandTree): Promise<CompletionNode> {
  return completionTree(await createProgram(context, { json: false, verbose: false }, tree));
}
