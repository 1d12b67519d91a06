import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { ClusterOptions } from "../options/cluster.ts";

/** `podtrust wait bindings`: ends when the API server takes bindings. */
export function defineWait(program: Command, context: CommandContext): void {
  program
    .command("wait")
    .description("wait until the cluster is ready for something")
    .command("bindings")
    .description("wait until the API server takes AWSRoleBindings, after their definitions were applied")
    .option("--kubeconfig <file>", "kubeconfig of the cluster (default: the one kubectl would take)")
    .option("--context <name>", "context in the kubeconfig")
    .addHelpText(
      "after",
      "\nAn API server needs some seconds to learn of new kinds. This asks by a dry run of a binding, which leaves nothing\n" +
        "behind, for at most 90 s. Exits 1 when bindings are still refused then.\n",
    )
    .action(async (options: ClusterOptions) => {
      const { runWaitBindings } = await import("./run.ts");
      await runWaitBindings(context, options);
    });
}
