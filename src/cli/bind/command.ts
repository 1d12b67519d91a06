import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { BindOptions } from "./run.ts";

/** `podtrust bind`: the AWSRoleBinding of a ServiceAccount, for those who type. */
export function defineBind(program: Command, context: CommandContext): void {
  program
    .command("bind")
    .description("print the AWSRoleBinding that gives a ServiceAccount its role, or apply it")
    .argument("<namespace/name>", "the ServiceAccount")
    .option("--policy <policy...>", "managed policy of the role: its ARN, or a name of one of AWS's own")
    .option("--account <id>", "AWS account, if the trust has several")
    .option("--trust <name>", "AWSTrust whose grants are asked", "default")
    .option("--max-session <time>", "longest session of the role, in seconds or as 2h")
    .option("--tag <key=value...>", "tag of the role")
    .option("--adopt <arn>", "take over this role, which has nobody's tags")
    .option("--existing <arn>", "use this role of somebody else's, and change nothing about it")
    .option("--apply", "apply it to the cluster instead of printing it")
    .option("--kubeconfig <file>", "kubeconfig of the cluster (default: the one kubectl would take)")
    .option("--context <name>", "context in the kubeconfig")
    .action(async (serviceAccount: string, options: BindOptions) => {
      const { runBind } = await import("./run.ts");
      await runBind(context, serviceAccount, options);
    });
}
