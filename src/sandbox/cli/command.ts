import { type Command, Option } from "commander";
import type { ActionContext } from "../../core/command-line/index.ts";
import type { TypedEnv } from "./env.ts";
import type { TypedOptions } from "./run.ts";

/** `sandbox env`: what points a cloud's clients at a running sandbox. */
function addEnv(command: Command, context: ActionContext): void {
  command
    .command("env")
    .description("print what leads a language's clients of a cloud to a running sandbox, for a shell")
    .requiredOption("--for <cloud>", "whose clients: azure or gcp")
    .option("--language <language>", "go, java, node or python (default: all of them)")
    .option("--url <url>", "address of the sandbox", "http://127.0.0.1:4580")
    .action(async (options: TypedEnv) => {
      const { runEnv } = await import("./env.ts");
      await runEnv(context, options);
    });
}

/** Sets up the command that runs IAM, STS and SSM Parameter Store on one port, until Ctrl-C. */
export function addSandbox(command: Command, context: ActionContext): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  command
    .option("--port <port>", "port to listen on; 0 for any free one", "4580")
    .option(
      "--listen <address>",
      "address to listen on; others can reach any but a loopback address",
      "127.0.0.1",
    )
    .option(
      "--connect-to <rule>",
      "HOST:PORT:ADDRESS:PORT, as in curl, in place of public DNS; repeatable",
      collect,
    )
    .option("--ca <file>", "PEM certificates to verify issuers with, in place of the public roots")
    .option("--account <id>", "AWS account ID, twelve digits", "111122223333")
    .option("--state <dir>", "directory to keep state in (default: in memory)")
    .option("--admin-credentials <file>", "write an administrator's keys to this AWS shared credentials file")
    .option(
      "--control-token <file>",
      "write the token of the control API to this file (default: a private one)",
    )
    .option("--control-from-anywhere", "let the control API be used from other machines too, with its token")
    .option(
      "--issuer <url>",
      "issuer of the stand-in cluster whose tokens the control API gives",
      "https://oidc.podtrust.test",
    )
    .option(
      "--propagation <time>",
      "IAM propagation delay: how long STS does not see a new role or trust policy",
      "8s",
    )
    .addOption(
      new Option(
        "--message-profile <generation>",
        "AWS error texts: those of 2026, or those from before (legacy)",
      )
        .choices(["legacy", "2026"])
        .default("2026"),
    )
    .addOption(
      new Option(
        "--issuer-cache <mode>",
        "how STS keeps an issuer's documents: until they are stale or a key is unknown (refetch), or for twice " +
          "their lifetime without asking for anything (keep)",
      )
        .choices(["refetch", "keep"])
        .default("refetch"),
    )
    .option(
      "--iam-rate-limit <rate[:burst]>",
      "calls a second (and at once) that IAM takes before it answers Throttling",
    )
    .option("--for <clouds>", "clouds to stand in for, with commas: aws, azure, gcp", "aws")
    .option(
      "--front-port <port>",
      "port of the proxy by which clients of Azure and Google reach their stand-ins; 0 for any free one",
      "4581",
    )
    .option(
      "--azure-propagation <time>",
      "how long Entra does not see a new federated credential; which of Azure's minutes it is, is ours (default: 2m)",
    )
    .option(
      "--azure-new-issuer <time>",
      "how long Entra knows no key of a new issuer; which of Azure's minutes it is, is ours (default: 20m)",
    )
    .option("--gcp-project <id>", "id of Google's project (default: podtrust-sandbox)")
    .option("--gcp-project-number <number>", "its number (default: 123456789012)")
    .option(
      "--gcp-delay <name=time>",
      "until Google counts what was written: grant (70s), revoke (90s), upload (5s), as measured; repeatable",
      collect,
    )
    .option(
      "--gcp-unknown <name=value>",
      "what Google has not published, each ours by default: checkOrder (or keys-first), issuerCache, newKey, operation " +
        "(or a time); repeatable",
      collect,
    )
    .option("--clouds", "also run stand-ins for the APIs of Hetzner Cloud and Cloudflare DNS")
    .option(
      "--cloud-zone <name>",
      "DNS zone at the stand-ins for Cloudflare and Hetzner; repeatable",
      collect,
    )
    .option(
      "--cloud-mischief <rate>",
      "share of the clouds' requests that go wrong, as 0.05; off for none; lists that lag 4 s: off,lag=4",
    )
    .option("--cloud-variant <name=value>", "form of a cloud's answers; repeatable", collect)
    .option(
      "--log",
      "print a line for each request: time, decision, action, caller and the rule that decided",
    )
    .option(
      "--end-with-stdin",
      "end when standard input does: a pipe from the program that started it ends with that program, however it ended",
    )
    .addHelpText(
      "after",
      "\nOpen the same address in a browser to see each decision, and why. The control API's token is that of the " +
        "variable PODTRUST_CONTROL_TOKEN, where it is set, else a random one.\n",
    )
    .action(async (options: TypedOptions) => {
      const { runSandbox } = await import("./run.ts");
      const name = [command.parent?.name(), command.name()].filter((one) => one !== undefined).join(" ");
      await runSandbox(context, options, name);
    });
  addEnv(command, context);
}
