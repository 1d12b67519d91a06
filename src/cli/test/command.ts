import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { withIssuerOptions } from "../options/stack.ts";
import type { TestCommandOptions } from "./run.ts";

/** `podtrust test`: real calls with real tokens, those that must succeed and those that must not. */
export function defineTest(program: Command, context: CommandContext): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  withIssuerOptions(
    program
      .command("test")
      .description(
        "call STS with real tokens: ServiceAccounts of the config are authorized, all others denied",
      ),
  )
    .option("--only <role>", "only this role; repeatable", collect)
    .option("--skip <role>", "all but this role; repeatable", collect)
    .option(
      "--other <namespace/name>",
      "a ServiceAccount that no role trusts (default: the namespace's default)",
    )
    .option("--wait-expiry", "also check that an expired token is denied; takes 15 minutes")
    .option("--junit <file>", "also write the results as JUnit XML")
    .addHelpText(
      "after",
      "\nNeeds the right to create tokens in the cluster, and no AWS credentials. Exits 0 only if every\n" +
        "ServiceAccount of the config was authorized, and every other call denied for the right reason; 1 if a\n" +
        "call ended otherwise; 3 if none did, but some could not be made (no token, no answer from STS).\n",
    )
    .action(async (options: TestCommandOptions) => {
      const { runTest } = await import("./run.ts");
      await runTest(context, options);
    });
}
