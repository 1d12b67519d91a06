import { bashScript, fishScript, zshScript } from "./scripts.ts";
import { type CompletionNode, everyNode } from "./tree.ts";

type Shell = "bash" | "zsh" | "fish";

const scripts: Record<Shell, (nodes: readonly CompletionNode[]) => string> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** The script that a shell reads. */
export function completionScript(shell: Shell, tree: CompletionNode): string {
  return scripts[shell](everyNode(tree));
}
