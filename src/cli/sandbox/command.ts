import { type Command, Option } from "commander";
import type { CommandContext } from "../context.ts";
import type { TypedOptions } from "./run.ts";

/** `podtrust sandbox`: IAM, STS and SSM Parameter Store on one port, until Ctrl-C. */
export function defineSandbox(program: Command, context: CommandContext): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  program
    .command("sandbox")
    .description("serve IAM, STS and SSM Parameter Store on this machine, deciding as AWS decides")
    .option("--port <port>", "the port to listen on; 0 takes any free one", "4580")
    .option("--listen <address>", "the address to listen on; beyond loopback at your own risk", "127.0.0.1")
    .option(
      "--connect-to <rule>",
      "host:port:address:port, as curl's, in place of public DNS; repeatable",
      collect,
    )
    .option("--ca <file>", "PEM certificates that issuers are verified against, in place of the public roots")
    .option("--account <id>", "the account, twelve digits", "111122223333")
    .option("--state <dir>", "keep everything in this folder (default: in memory)")
    .option("--admin-credentials <file>", "write keys with every right to this AWS shared credentials file")
    .option("--propagation <time>", "how long STS does not see a new role or a changed trust policy", "8s")
    .addOption(
      new Option("--message-profile <generation>", "which generation of AWS's error texts is spoken")
        .choices(["legacy", "2026"])
        .default("2026"),
    )
    .option("--log", "one line a request: when, decision, action, who, and the rule that decided")
    .addHelpText("after", "\nThe same address shows a page in a browser: what was decided, and why.\n")
    .action(async (options: TypedOptions) => {
      const { runSandbox } = await import("./run.ts");
      await runSandbox(context, options);
    });
}
