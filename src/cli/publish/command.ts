import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { PublishS3Options } from "./run.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

/** Examples and guide of the command. */
export const publishUses: CommandUses = {
  "publish s3": {
    examples: ["podtrust publish s3", "podtrust publish s3 -f staging.yaml", "podtrust publish s3 --json"],
    guide: "publish-s3",
  },
};

/** `podtrust publish s3`: brings the documents into a bucket once. */
export function definePublish(program: Command, context: CommandContext): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  const publish = program
    .command("publish")
    .description("upload the OIDC discovery document and JWKS to an S3 bucket");
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
}
