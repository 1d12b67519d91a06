import type { Command } from "commander";
import type { ApplyDemoOptions } from "./run.ts";
import type { CommandContext } from "../context.ts";
import { withIssuerOptions } from "../options/stack.ts";
import { withDemo, withRole } from "../options/workload.ts";

/** `podtrust apply demo`: runs the guide's Job in the cluster and shows what it says. */
export function defineApply(program: Command, context: CommandContext): void {
  const apply = program.command("apply").description("run a workload in the cluster");
  withDemo(
    withRole(
      withIssuerOptions(
        apply
          .command("demo")
          .description("run the guide's Job in the cluster, show its log, and say how it ended"),
      ),
    ),
  )
    .option("--timeout <time>", "how long the pod may take to end, in seconds or as 5m", "5m")
    .option("--force-conflicts", "take fields of the two objects that another manager owns")
    .option("--delete", "remove the Job and its ServiceAccount, where they are ours, and run nothing")
    .addHelpText(
      "after",
      "\nIt looks first whether it can work: namespace, issuer, keys and role. Run again, it replaces its own\n" +
        "finished Job and waits for one that still runs. Exits 1 when the pod fails.\n",
    )
    .action(async (options: ApplyDemoOptions) => {
      const { runApplyDemo } = await import("./run.ts");
      await runApplyDemo(context, options);
    });
}
