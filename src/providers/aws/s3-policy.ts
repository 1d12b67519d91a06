import { partitionOf } from "../../core/base/index.ts";
import type { S3Location } from "./s3-publication.ts";

interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Principal?: "*" | { readonly Service: string };
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A policy as AWS takes it. */
export interface BucketPolicy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly Statement[];
}

interface Where extends S3Location {
  readonly region: string;
}

const bucketArn = ({ bucket, region }: Where): string => `arn:${partitionOf(region)}:s3:::${bucket}`;

const objects = (where: Where): readonly string[] =>
  [where.keys.discovery, where.keys.jwks].map((key) => `${bucketArn(where)}/${key}`);

/**
 * The bucket's policy: anyone may read the two objects and nothing else, or with `distribution` (a CloudFront
 * distribution's ARN, by origin access control) that distribution alone, and the bucket stays private.
 */
export function publicBucketPolicy(where: Where, distribution?: string): BucketPolicy {
  const who =
    distribution === undefined
      ? ({ Principal: "*" } as const)
      : {
          Principal: { Service: "cloudfront.amazonaws.com" },
          Condition: { StringEquals: { "AWS:SourceArn": distribution } },
        };
  const Sid = distribution === undefined ? "EverybodyReadsTheTwoDocuments" : "CloudFrontReadsTheTwoDocuments";
  return {
    Version: "2012-10-17",
    Statement: [{ Sid, Effect: "Allow", ...who, Action: ["s3:GetObject"], Resource: objects(where) }],
  };
}

/** The least that the publisher's own credentials need. */
export function publisherPolicy(where: Where): BucketPolicy {
  const bucket = [bucketArn(where)];
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "WriteTheTwoDocuments",
        Effect: "Allow",
        Action: ["s3:GetObject", "s3:PutObject"],
        Resource: objects(where),
      },
      // Without it S3 answers for an object that is not there as for one that may not be seen.
      { Sid: "TellAbsentFromForbidden", Effect: "Allow", Action: ["s3:ListBucket"], Resource: bucket },
      {
        Sid: "SeeHowPublicTheBucketIs",
        Effect: "Allow",
        Action: ["s3:GetBucketPolicyStatus", "s3:GetBucketPublicAccessBlock"],
        Resource: bucket,
      },
    ],
  };
}
