import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { JobCommandOptions } from "./run.ts";

/** `podtrust job`: the demo's workload, run inside the pod or as the demo's child process. */
export function defineJob(program: Command, context: CommandContext): void {
  program
    .command("job", { hidden: true })
    .description("ask AWS who this workload is and which parameters it may read")
    .option("--path <path>", "list the names of parameters under this path", "/")
    .option("--read <name>", "read this one parameter in place of the list (its value is not printed)")
    .addHelpText(
      "after",
      "\nTakes everything from its environment, as any AWS SDK does: AWS_REGION, AWS_ROLE_ARN,\nAWS_ROLE_SESSION_NAME, AWS_WEB_IDENTITY_TOKEN_FILE. Exits 1 when AWS refuses.\n",
    )
    .action(async (options: JobCommandOptions) => {
      const { runJob } = await import("./run.ts");
      await runJob(context, options);
    });
}
