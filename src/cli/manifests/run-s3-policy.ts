import { publicBucketPolicy, publisherPolicy } from "../../providers/aws/index.ts";
import type { CommandContext } from "../context.ts";
import { loadS3 } from "../options/bucket.ts";

export interface S3PolicyOptions {
  readonly file: string;
  readonly cloudfront?: string;
}

/** Prints the bucket's policy, or with `publisher` the one of the publisher's credentials: JSON in either mode. */
export async function runS3Policy(
  context: CommandContext,
  whose: "bucket" | "publisher",
  options: S3PolicyOptions,
): Promise<void> {
  const { s3 } = await loadS3(context.path(options.file), context.env);
  const policy = whose === "publisher" ? publisherPolicy(s3) : publicBucketPolicy(s3, options.cloudfront);
  context.output.raw(`${JSON.stringify(policy, undefined, 2)}\n`);
}
