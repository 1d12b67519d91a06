import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { ExplainOptions } from "./typed.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

const role = "arn:aws:iam::111122223333:role/web";

/** Examples and guide of the command. */
export const uses: CommandUses = {
  explain: {
    examples: [
      `podtrust token --raw shop/web | podtrust explain --token - --role ${role}`,
      `podtrust explain --token token.jwt --role ${role} --trust-policy trust.json`,
      "podtrust explain --for gcp --token token.jwt --described provider.json",
    ],
    guide: "explain",
  },
};

/** `podtrust explain`: whether AWS or another relying party would accept a token and, rule by rule, why not. */
export function define(command: Command, context: CommandContext): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  command
    .requiredOption("--token <file>", "the token's file; - reads standard input")
    .option("--for <relying party>", "who is asked: aws, gcp, azure or openbao", "aws")
    .option("--role <arn>", "the role of AWS to assume")
    .option("--trust-policy <file>", "the role's trust policy as JSON, in place of reading IAM")
    .option(
      "--client-id <audience>",
      "with --trust-policy: a client ID of the OIDC provider; repeatable (default: sts.amazonaws.com)",
      collect,
    )
    .option(
      "--described <file>",
      "what gcloud, az or bao prints of its resource, as JSON; repeatable",
      collect,
    )
    .option("--service-account <email>", "with --for gcp: the service account that is impersonated")
    .option("--discovery <file>", "the issuer's discovery document, in place of fetching it; needs --jwks")
    .option("--jwks <file>", "the issuer's JWK Set, in place of fetching it; needs --discovery")
    .option(
      "--at <time>",
      "time of the call, as 2026-11-25T12:00:00Z or in seconds since 1970 (default: now)",
    )
    .option("--duration <time>", "session duration to request, in seconds or as 2h")
    .option("--session-name <name>", "role session name", "podtrust-explain")
    .option(
      "--connect-to <rule>",
      "HOST:PORT:ADDRESS:PORT, as in curl, in place of public DNS; repeatable",
      collect,
    )
    .option("--ca <file>", "PEM certificates to verify the issuer with, in place of the public roots")
    .option("--all", "show every rule, and not only those that deny it or warn")
    .addHelpText(
      "after",
      "\nWithout --trust-policy, role and OIDC provider are read from IAM with the credentials of this shell;\n" +
        "AWS_ENDPOINT_URL points it at a sandbox. Exits 0 when the token would be accepted, 3 when not.\n" +
        "Of the others nothing is asked. --described takes, for\n" +
        "  gcp      gcloud iam workload-identity-pools providers describe … --format=json, its pool's, and\n" +
        "           gcloud iam service-accounts get-iam-policy EMAIL --format=json\n" +
        "  azure    az identity federated-credential list … --output json\n" +
        "  openbao  bao read -format=json auth/jwt/role/NAME, and auth/jwt/config\n" +
        "The token is never printed.\n",
    )
    .action(async (options: ExplainOptions) => {
      if (options.for === "aws") await (await import("./run.ts")).runExplain(context, options);
      else await (await import("./relying-party.ts")).runExplainFor(context, options);
    });
}
