import type { z } from "zod";
import { defined } from "../../core/base/index.ts";
import { roleArnForm } from "../../rules/oidc/index.ts";
import { httpsUrl, section, text } from "../forms/leaf.ts";
import { bucketFields } from "./bucket.ts";
import { type S3Keys, s3Keys } from "./s3-location.ts";

/** A bucket that the documents are written into. */
export interface S3Config {
  readonly kind: "s3";
  readonly bucket: string;
  readonly region: string;
  /** What a front puts before a URL's path; ends with a slash, or is empty. */
  readonly prefix: string;
  /** The keys of the two objects. */
  readonly keys: S3Keys;
  /** The account that the bucket must belong to. */
  readonly account?: string;
  readonly profile?: string;
  readonly assumeRole?: string;
  readonly endpoint?: string;
}

/** The same as it is written. */
export interface S3Input {
  bucket: string;
  region: string;
  prefix?: string | undefined;
  account?: string | undefined;
  profile?: string | undefined;
  assumeRole?: string | undefined;
  endpoint?: string | undefined;
}

const fields = bucketFields({ bucket: "example-oidc", profile: "prod" });

/** A bucket in place of a server of our own. */
export const s3: z.ZodType<S3Input> = section(
  "In place of https: write both documents into an S3 bucket, which the issuer's URL leads to, directly or by a front such as CloudFront. Nothing listens for clients then.",
  {
    bucket: fields.bucket,
    region: fields.region,
    prefix: text(
      {
        what: "What comes before the URL's path in the bucket: the origin path of a CloudFront distribution.",
        accepted: "path parts that each end with a slash, such as oidc/",
        standard: "none",
        example: "oidc/",
      },
      /^(?:[\w.-]{1,128}\/){0,8}$/u,
    ).optional(),
    account: fields.account.optional(),
    profile: fields.profile.optional(),
    assumeRole: text(
      {
        what: "A role to assume before anything else.",
        accepted: "a role's ARN such as arn:aws:iam::111122223333:role/publisher",
        example: "arn:aws:iam::111122223333:role/publisher",
      },
      roleArnForm,
    ).optional(),
    endpoint: httpsUrl({
      what: "Another service that speaks S3 (R2, MinIO), in place of AWS's own.",
      accepted: "an https URL",
      standard: "AWS's endpoint of the region; AWS_ENDPOINT_URL_S3 counts as well",
      example: "https://s3.example.com",
    }).optional(),
  },
);

/** The bucket with the keys of the two objects. */
export function resolveS3(input: S3Input, issuer: string, jwksUri: string): S3Config {
  const { bucket, region, prefix = "", account, profile, assumeRole, endpoint } = input;
  return {
    kind: "s3",
    bucket,
    region,
    prefix,
    keys: s3Keys({ issuer, jwksUri, bucket, region, prefix }),
    ...defined({ account, profile, assumeRole, endpoint }),
  };
}
