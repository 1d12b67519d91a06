import { Argument, type Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

type Shell = "bash" | "zsh" | "fish";

/** Examples and guide of the command. */
export const completionUses: CommandUses = {
  completion: {
    examples: [
      "podtrust completion bash > /etc/bash_completion.d/podtrust",
      "podtrust completion zsh > ~/.zfunc/_podtrust",
      "podtrust completion fish > ~/.config/fish/completions/podtrust.fish",
    ],
  },
};

/** `podtrust completion bash|zsh|fish`: a script that teaches a shell our commands and options. */
export function defineCompletion(program: Command, context: CommandContext): void {
  program
    .command("completion")
    .description("print a completion script for a shell")
    .addArgument(new Argument("<shell>", "the shell to complete in").choices(["bash", "zsh", "fish"]))
    .action((shell: Shell) => runCompletion(context, program, shell));
}

/** `podtrust completion SHELL`: the script that the shell reads, of the commands and options of `program`. */
async function runCompletion(context: CommandContext, program: Command, shell: Shell): Promise<void> {
  const { bashScript, fishScript, zshScript } = await import("./scripts.ts");
  const { completionTree, everyNode } = await import("./tree.ts");
  const scriptOf = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell];
  const script = scriptOf(everyNode(completionTree(program)));
  if (context.json) context.output.result({ shell, script });
  else context.output.raw(script);
}
