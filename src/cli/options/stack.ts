import type { Command } from "commander";

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

function withConfigAndIssuer(command: Command, ca: string): Command {
  return command
    .option("-f, --file <file>", "the stack's config", "podtrust.yaml")
    .option(
      "--connect-to <rule>",
      "host:port:address:port, as curl's, in place of public DNS; repeatable",
      collect,
    )
    .option("--ca <file>", `PEM certificates that the issuer is verified against${ca}`);
}

/** The options of every command that works on a stack's config. */
export function withStackOptions(command: Command): Command {
  return withConfigAndIssuer(command, "; AWS gets the thumbprint where no public root vouches for it");
}

/** The options of every command that looks at a stack and makes nothing in AWS. */
export function withIssuerOptions(command: Command): Command {
  return withConfigAndIssuer(command, ", in place of the public roots");
}

/** `--only` and `--skip`. */
export function withSelection(command: Command): Command {
  return command
    .option("--only <name>", "only what has this link, name or id; repeatable", collect)
    .option("--skip <name>", "all but what has this link, name or id; repeatable", collect);
}

/** `--only` and `--skip` of the links that are looked at. */
export function withLinks(command: Command): Command {
  return command
    .option("--only <link>", "look at this link only, for example sts; repeatable", collect)
    .option("--skip <link>", "leave this link out; repeatable", collect);
}
