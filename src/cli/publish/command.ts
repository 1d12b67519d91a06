import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { PublishS3Options } from "./run.ts";

/** `podtrust publish s3`: brings the documents into a bucket once. */
export function definePublish(program: Command, context: CommandContext): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  const publish = program
    .command("publish")
    .description("bring the discovery document and the JWK Set to where others serve them");
  publish
    .command("s3")
    .description("read the cluster once, and write what differs into the bucket of the config")
    .option("-f, --file <file>", "the stack's config", "podtrust.yaml")
    .option("--connect-to <from>", "reach HOST:PORT at another ADDRESS:PORT, as in curl; repeatable", collect)
    .option("--ca <file>", "PEM to verify the issuer with, in place of the public roots")
    .option("--no-verify", "do not look from outside whether the issuer can be read then")
    .addHelpText(
      "after",
      "\nKeys that vanished from the cluster stay for keyRetention, also those that another publisher wrote.\n" +
        "podtrust serve does the same again and again. Exit code 3: published, and not to be read from outside.\n",
    )
    .action(async (options: PublishS3Options) => {
      const { runPublishS3 } = await import("./run.ts");
      await runPublishS3(context, options);
    });
}
