import type { Command } from "commander";
import type { ApplyDemoOptions } from "./run.ts";
import type { CommandContext } from "../context.ts";
import { withIssuerOptions } from "../options/stack.ts";
import { withDemo, withRole } from "../options/workload.ts";

/** `podtrust apply demo`: runs the guide's Job in the cluster and shows what it says. */
export function defineApply(program: Command, context: CommandContext): void {
  const apply = program.command("apply").description("run the demo workload in the cluster");
  withDemo(
    withRole(
      withIssuerOptions(
        apply
          .command("demo")
          .description("run a Job that calls AWS with its role, and show its log and how it ended"),
      ),
    ),
  )
    .option("--timeout <time>", "how long to wait for the Job to end, in seconds or as 5m", "5m")
    .option("--force-conflicts", "overwrite fields of Job and ServiceAccount that another field manager owns")
    .option("--delete", "delete the Job and its ServiceAccount, if podtrust created them, and run nothing")
    .addHelpText(
      "after",
      "\nChecks namespace, issuer, keys and role first. Run again, it replaces its own finished Job, and waits\n" +
        "for one that still runs. Exits 1 when the Job fails.\n",
    )
    .action(async (options: ApplyDemoOptions) => {
      const { runApplyDemo } = await import("./run.ts");
      await runApplyDemo(context, options);
    });
}
