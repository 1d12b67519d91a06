import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { bashScript, fishScript, zshScript } from "./scripts.ts";
import { type CompletionNode, completionTree, everyNode } from "./tree.ts";

export type Shell = "bash" | "zsh" | "fish";

const scripts: Record<Shell, (nodes: readonly CompletionNode[]) => string> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** `podtrust completion SHELL`: the script that the shell reads, of the commands and options of `program`. */
export function runCompletion(context: CommandContext, program: Command, shell: Shell): void {
  const script = scripts[shell](everyNode(completionTree(program)));
  if (context.json) context.output.result({ shell, script });
  else context.output.raw(script);
}
