import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { TokenCommandOptions } from "./run.ts";

/** `podtrust token NAMESPACE/NAME`: mints a ServiceAccount's token and shows what is in it. */
export function defineToken(program: Command, context: CommandContext): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  program
    .command("token")
    .description("create a ServiceAccount token (TokenRequest) and print it decoded")
    .argument("<namespace/name>", "the ServiceAccount")
    .option(
      "--audience <audience>",
      "audience of the token; repeatable (default: sts.amazonaws.com)",
      collect,
    )
    .option("--expiration <time>", "lifetime, in seconds or as 1h30m; at least 10 minutes", "3600")
    .option("--raw", "print only the token itself, which is a usable credential")
    .option("--kubeconfig <file>", "kubeconfig of the cluster (default: $KUBECONFIG, else ~/.kube/config)")
    .option("--context <name>", "context of the kubeconfig (default: the current one)")
    .option("-f, --file <file>", "use the cluster of this config file")
    .action(async (account: string, options: TokenCommandOptions) => {
      const { runToken } = await import("./run.ts");
      await runToken(context, account, options);
    });
}
