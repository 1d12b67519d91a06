import { Argument, type Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { CommandTree, CommandUses } from "../../core/command-line/index.ts";

type Shell = "bash" | "zsh" | "fish";

/** Examples and guide of the command. */
export const uses: CommandUses = {
  completion: {
    examples: [
      "podtrust completion bash > /etc/bash_completion.d/podtrust",
      "podtrust completion zsh > ~/.zfunc/_podtrust",
      "podtrust completion fish > ~/.config/fish/completions/podtrust.fish",
    ],
  },
};

/** `podtrust completion bash|zsh|fish`: a script that teaches a shell our commands and options. */
export function define(command: Command, context: CommandContext, tree: CommandTree): void {
  command
    .addArgument(new Argument("<shell>", "the shell to complete in").choices(["bash", "zsh", "fish"]))
    .action((shell: Shell) => runCompletion(context, tree, shell));
}

/** `podtrust completion SHELL`: the script that the shell reads, of every command and its options. */
async function runCompletion(context: CommandContext, tree: CommandTree, shell: Shell): Promise<void> {
  const { bashScript, fishScript, zshScript } = await import("./scripts.ts");
  const { everyNode, programNode } = await import("./tree.ts");
  const scriptOf = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell];
  const script = scriptOf(everyNode(await programNode(context, tree)));
  if (context.json) context.output.result({ shell, script });
  else context.output.raw(script);
}
