import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { TokenOptions } from "./run.ts";

/** `podtrust token NAMESPACE/NAME`: mints a ServiceAccount's token and shows what is in it. */
export function defineToken(program: Command, context: CommandContext): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  program
    .command("token")
    .description("mint a ServiceAccount's token (TokenRequest) and print it decoded")
    .argument("<namespace/name>", "the ServiceAccount")
    .option("--audience <audience>", "who the token is for; repeatable (default: sts.amazonaws.com)", collect)
    .option("--expiration <time>", "its life, in seconds or as 1h30m; 10 minutes at least", "3600")
    .option("--raw", "print the token itself, a usable credential, and nothing else")
    .option("--kubeconfig <file>", "the cluster (default: $KUBECONFIG, else ~/.kube/config)")
    .option("--context <name>", "a context of the kubeconfig in place of the current one")
    .option("-f, --file <file>", "take the cluster of this config file")
    .action(async (account: string, options: TokenOptions) => {
      const { runToken } = await import("./run.ts");
      await runToken(context, account, options);
    });
}
