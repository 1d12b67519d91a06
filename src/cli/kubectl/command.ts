import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { KubectlOptions } from "./run.ts";

/** `podtrust kubectl ARGS`: kubectl on the stack's cluster, through the SSH connection. */
export function defineKubectl(program: Command, context: CommandContext): void {
  program
    .command("kubectl")
    .description("run kubectl on the cluster of the stack's machine, through the SSH connection")
    .argument("[args...]", "kubectl's own words, such as get pods -A")
    .option("-f, --file <file>", "config file; before kubectl's words", "podtrust.yaml")
    .allowUnknownOption()
    .passThroughOptions()
    .addHelpText(
      "after",
      "\nRuns this machine's kubectl, with the administrator's rights. Port 6443 stays closed.\n" +
        "It gets neither AWS keys nor clouds' tokens: a plugin of kubectl that needs some runs on podtrust tunnel.\n",
    )
    .action(async (args: readonly string[], options: KubectlOptions) => {
      const { runKubectl } = await import("./run.ts");
      await runKubectl(context, args, options);
    });
}
