import type { Command } from "commander";

/** Collects an option that may be repeated. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

/** How to reach an issuer, and by which roots to verify it, in place of the public ones. */
export function withRoute(command: Command, ca = ", in place of the public roots"): Command {
  return command
    .option(
      "--connect-to <rule>",
      "HOST:PORT:ADDRESS:PORT, as in curl, in place of public DNS, with port 22 for SSH; repeatable",
      collect,
    )
    .option("--ca <file>", `PEM certificates to verify the issuer with${ca}`);
}

function withConfigAndIssuer(command: Command, ca?: string): Command {
  return withRoute(command.option("-f, --file <file>", "config file", "podtrust.yaml"), ca);
}

/** `--azure-cli`: another program is run only on request. */
export function withAzureCli(command: Command): Command {
  return command.option("--azure-cli", "for section azure: ask az, as it is logged in, for access tokens");
}

/** The options of every command that works on a stack's config. */
export function withStackOptions(command: Command): Command {
  return withAzureCli(withConfigAndIssuer(command, "; for a private CA its thumbprint is registered in AWS"));
}

/** The options of every command that reads a stack and makes nothing in AWS. */
export function withIssuerOptions(command: Command): Command {
  return withConfigAndIssuer(command);
}

/** `--not-a-server`: what a person says of names that the cluster has for API servers. */
export function withNotServers(command: Command): Command {
  return command.option(
    "--not-a-server <name>",
    "what the cluster names as an API server, and you know to be none, as the refusal prints it; repeatable",
    collect,
  );
}

/** `--seen-through-proxy`: each address of an issuer by itself is not to be seen behind a company's proxy. */
export function withProxySight(command: Command): Command {
  return command.option(
    "--seen-through-proxy",
    "behind the proxy of HTTPS_PROXY: take what it shows for what each address of the issuer does",
  );
}

/** `--only` and `--skip`. */
export function withSelection(command: Command): Command {
  return command
    .option("--only <name>", "only this link, name or ID; repeatable", collect)
    .option("--skip <name>", "all but this link, name or ID; repeatable", collect);
}

/** `--leave`. */
export function withLeave(command: Command): Command {
  return command.option(
    "--leave <name>",
    "on the way down: a server (server/NAME) or record of another owner that stays, as the refusal names it; repeatable",
    collect,
  );
}

/** Options that waive a refusal: each names what it allows. */
export function withAllowances(command: Command): Command {
  return command
    .option("--allow-in-use", "delete or take over an OIDC provider that roles outside the stack trust")
    .option(
      "--allow-replace",
      "delete a machine and make another, or refuse the tokens of the issuer of before, if the config requires it",
    )
    .option("--allow-issuer-mismatch", "continue although the cluster has another issuer than the config");
}

/** `--only` and `--skip` for links. */
export function withLinks(command: Command): Command {
  return command
    .option("--only <link>", "check only this link, for example sts; repeatable", collect)
    .option("--skip <link>", "skip this link; repeatable", collect);
}
