import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { ClusterOptions } from "../options/cluster.ts";

/** `podtrust wait bindings`: ends when the API server takes bindings. */
export function defineWait(program: Command, context: CommandContext): void {
  program
    .command("wait")
    .description("wait until the cluster is ready for something")
    .command("bindings")
    .description("wait until the API server judges AWSRoleBindings, after their definitions were applied")
    .option("--kubeconfig <file>", "kubeconfig of the cluster (default: the one kubectl would take)")
    .option("--context <name>", "context in the kubeconfig")
    .addHelpText(
      "after",
      "\nAn API server learns of new kinds every 30 s; until then it refuses every binding. This asks by a dry run of one,\n" +
        "which leaves nothing behind, for at most 90 s. Exits 1 when bindings are still refused then.\n",
    )
    .action(async (options: ClusterOptions) => {
      const { runWaitBindings } = await import("./run.ts");
      await runWaitBindings(context, options);
    });
}
