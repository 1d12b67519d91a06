import { Argument, type Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { Shell } from "./run.ts";

/** `podtrust completion bash|zsh|fish`: a script that teaches a shell our commands and options. */
export function defineCompletion(program: Command, context: CommandContext): void {
  program
    .command("completion")
    .description("print a completion script for a shell")
    .addArgument(new Argument("<shell>", "the shell to complete in").choices(["bash", "zsh", "fish"]))
    .action(async (shell: Shell) => {
      const { runCompletion } = await import("./run.ts");
      runCompletion(context, program, shell);
    });
}
