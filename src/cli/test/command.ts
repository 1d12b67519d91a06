import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { TestOptions } from "./run.ts";

/** `podtrust test`: real calls with real tokens, those that must succeed and those that must not. */
export function defineTest(program: Command, context: CommandContext): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  program
    .command("test")
    .description("ask STS with real tokens: whom the roles name gets in, everybody else is refused")
    .option("-f, --file <file>", "the stack's config", "podtrust.yaml")
    .option("--only <role>", "only this role; repeatable", collect)
    .option("--skip <role>", "all but this role; repeatable", collect)
    .option(
      "--other <namespace/name>",
      "a ServiceAccount that no role trusts (default: default beside the trusted one)",
    )
    .option("--wait-expiry", "wait until a token has expired, a quarter of an hour, and see it refused")
    .option("--junit <file>", "write the outcome as JUnit XML as well")
    .addHelpText(
      "after",
      "\nNeeds the right to mint tokens in the cluster, and no AWS credentials. Exits 0 only when everybody who\n" +
        "should get in did and everybody else was refused for the right reason.\n",
    )
    .action(async (options: TestOptions) => {
      const { runTest } = await import("./run.ts");
      await runTest(context, options);
    });
}
