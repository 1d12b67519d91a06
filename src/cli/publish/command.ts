import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { PublishKeysOptions } from "./keys.ts";
import type { PublishS3Options } from "./run.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

/** Examples and guide of the commands. */
export const uses: CommandUses = {
  "publish keys": {
    examples: [
      "podtrust publish keys",
      "podtrust publish keys -f staging.yaml --json",
      "podtrust publish keys --without KID",
    ],
    guide: "gcp",
  },
  "publish s3": {
    examples: ["podtrust publish s3", "podtrust publish s3 -f staging.yaml", "podtrust publish s3 --json"],
    guide: "publish-s3",
  },
};

/** `podtrust publish s3` and `publish keys`: upload the documents to a bucket, and the keys to relying parties, once. */
export function define(publish: Command, context: CommandContext): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  publish
    .command("s3")
    .description("read the cluster once, and upload what differs to the bucket of the config")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .option(
      "--connect-to <rule>",
      "HOST:PORT:ADDRESS:PORT, as in curl, in place of public DNS; repeatable",
      collect,
    )
    .option("--ca <file>", "PEM certificates to verify the issuer with, in place of the public roots")
    .option("--no-verify", "do not check afterwards that the issuer can be read from outside")
    .addHelpText(
      "after",
      "\nKeys that the cluster no longer has stay for keyRetention, also those of other publishers.\n" +
        "podtrust serve does the same as a loop. Exits 3 when published, but not readable from outside.\n",
    )
    .action(async (options: PublishS3Options) => {
      const { runPublishS3 } = await import("./run.ts");
      await runPublishS3(context, options);
    });
  publish
    .command("keys")
    .description("read the cluster's JWKS once, and upload it where the config has keys: upload")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .option("--without <kid>", "take this key out, or leave it out; repeatable", collect)
    .option(
      "--namespace <namespace>",
      "with --without: namespace of the operator that keeps the keys",
      "podtrust",
    )
    .addHelpText(
      "after",
      "\nIt takes the credentials of the environment. So it helps where a publisher or an operator cannot upload:\n" +
        "a key signs that the cloud does not have, and their own credentials are tokens of that key.\n" +
        "Other keys there stay, except those of --without.\n",
    )
    .action(async (options: PublishKeysOptions) => {
      const { runPublishKeys } = await import("./keys.ts");
      await runPublishKeys(context, options);
    });
}
