import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { DoctorCommandOptions } from "./typed.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

/** Examples and guide of the command. */
export const uses: CommandUses = {
  doctor: {
    examples: [
      "podtrust doctor https://oidc.example.com",
      "podtrust doctor -f podtrust.yaml --pod shop/web-1 --logs",
      "podtrust doctor --error 'InvalidIdentityToken: Incorrect token audience'",
    ],
    guide: "doctor",
  },
};

/** `podtrust doctor`: the cause behind a broken issuer, from its URL alone. */
export function define(command: Command, context: CommandContext): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  command
    .argument("[issuer]", "the URL of any issuer, as iss has it: https://oidc.example.com")
    .option("-f, --file <file>", "a stack's config, to check the whole chain; podtrust.yaml if it exists")
    .option("--pod <name>", "NAMESPACE/NAME: only this pod, and the ServiceAccount that it runs as")
    .option("--serviceaccount <name>", "NAMESPACE/NAME: only this ServiceAccount")
    .option("--azure-cli", "for section azure: ask az, as it is logged in, for access tokens")
    .option("--logs", "read the last 200 lines of the pods' logs as well")
    .option("--token <file>", "a token of the issuer, judged with it; - reads standard input")
    .option("--error <text>", "an error message, word for word; - reads standard input")
    .option("--fail-on <verdict>", "exit 3 at this verdict or a worse one: warning or broken", "broken")
    .option(
      "--resolver <address>",
      "the resolver to ask for addresses, such as 1.1.1.1, in place of this machine's",
    )
    .option(
      "--connect-to <rule>",
      "HOST:PORT:ADDRESS:PORT, as in curl, in place of public DNS; repeatable",
      collect,
    )
    .option("--private", "ask private addresses too that a name or an answer of the issuer leads to")
    .option("--ca <file>", "PEM certificates to verify the issuer with, in place of the public roots")
    .option("--junit <file>", "write the links as JUnit's XML too")
    .option("--bundle <file>", "write what was seen to a file that others can judge; says what is in it")
    .option("--offline <bundle>", "judge such a file in place of an issuer, without a network")
    .option("--redact", "show and write no account id and no ARN")
    .addHelpText(
      "after",
      "\nWith an issuer's URL it needs no config, no account and no credentials: it looks names up and sends GETs of the two\n" +
        "public documents, and of what stands beside one that is missing or cached. The token is neither sent nor printed.\n" +
        "With a config it looks at the issuer in the same way, and reads what else status reads, pods, Events, API servers and\n" +
        "webhooks. It has the API server judge a pod that is not kept, and review a given token. Logs are read only with --logs.\n" +
        "Changes nothing.\n" +
        "Exits 3 when a link is broken.\n" +
        "With --error it says which links an error leaves open, and with an issuer as well which of them it found broken.\n",
    )
    .action(async (issuer: string | undefined, options: DoctorCommandOptions) => {
      const { runDoctor } = await import("./run.ts");
      await runDoctor(context, issuer, options);
    });
}
