import type { z } from "zod";
import { text } from "../forms/leaf.ts";

/**
 * How a bucket is named and reached, whatever is written into it.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export function bucketFields(example: { readonly bucket: string; readonly profile: string }): {
  readonly bucket: z.ZodType<string>;
  readonly region: z.ZodType<string>;
  readonly account: z.ZodType<string>;
  readonly profile: z.ZodType<string>;
} {
  return {
    bucket: text(
      {
        what: "The bucket. It exists already.",
        accepted: "3 to 63 lower-case letters, digits, hyphens and dots",
        example: example.bucket,
      },
      /^(?!\d{1,3}(?:\.\d{1,3}){3}$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/u,
    ),
    region: text(
      {
        what: "The bucket's region.",
        accepted: "a region such as eu-central-1, or auto where another service asks for it",
        example: "eu-central-1",
      },
      /^(?:[a-z]{2}(?:-[a-z]+)+-\d{1,2}|auto)$/u,
    ),
    account: text(
      {
        what: "The account that owns the bucket: nothing is written to a bucket of another account.",
        accepted: "12 digits in quotes",
        example: "111122223333",
      },
      /^\d{12}$/u,
    ),
    profile: text(
      {
        what: "The profile of the AWS config files to use.",
        accepted: "a profile's name",
        example: example.profile,
      },
      /^[^\0\n[\]]{1,128}$/u,
    ),
  };
}
