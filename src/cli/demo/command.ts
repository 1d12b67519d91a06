import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { DemoOptions } from "./run.ts";

/** `podtrust demo`: the whole story on this machine. */
export function defineDemo(program: Command, context: CommandContext): void {
  program
    .command("demo")
    .description(
      "tell the whole story on this machine: a cluster that AWS trusts, one let in, the others refused",
    )
    .option("--kubeconfig <file>", "a real cluster in place of the stand-in, under its own issuer")
    .option("--context <name>", "the context of that kubeconfig")
    .option("--keep", "leave everything running and say how to point aws, kubectl and a browser at it")
    .action(async (options: DemoOptions) => {
      const { runDemo } = await import("./run.ts");
      await runDemo(context, options);
    });
}
