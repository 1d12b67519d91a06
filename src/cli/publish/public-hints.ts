import type { PublicAccess } from "../../providers/aws/index.ts";
import type { S3Config } from "../../config/index.ts";

const isS3 = (issuer: string): boolean => /\.amazonaws\.com(?:\.cn)?$/u.test(new URL(issuer).hostname);

function behindFront(issuer: string, { policy }: PublicAccess): readonly string[] {
  const { hostname } = new URL(issuer);
  return [
    `${hostname} stands in front of the bucket: the bucket stays private, and its policy has to allow ${hostname} alone.`,
    ...(policy === "none"
      ? [
          "The bucket has no policy: podtrust manifests s3-policy --cloudfront DISTRIBUTION-ARN prints one for CloudFront with origin access control.",
        ]
      : []),
    `Check that ${hostname} resolves, that the distribution is deployed, and that its origin (and origin path) is the bucket (and publisher.s3.prefix).`,
  ];
}

function blockHints(bucket: string, blocks: PublicAccess["blocks"]): readonly string[] {
  if (blocks === "unknown") return ["Whether Block Public Access is on could not be read."];
  const hints: string[] = [];
  if (blocks.includes("BlockPublicPolicy"))
    hints.push("BlockPublicPolicy is on: S3 refuses a public bucket policy.");
  if (blocks.includes("RestrictPublicBuckets"))
    hints.push("RestrictPublicBuckets is on: a public bucket policy would have no effect.");
  if (hints.length === 0) return [];
  return [
    ...hints,
    // The switches for ACLs stay on: the policy names two objects, and ACLs are not needed.
    `Turn these two off and leave the two for ACLs on: aws s3api put-public-access-block --bucket ${bucket} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=false,RestrictPublicBuckets=false`,
    "Or leave all of them on and put CloudFront in front (docs/how-to/publish-s3.md).",
  ];
}

/** Why the published documents cannot be read, as far as the bucket's settings say, and what to do. */
export function publicHints(issuer: string, s3: S3Config, access: PublicAccess): readonly string[] {
  if (!isS3(issuer)) return behindFront(issuer, access);
  const hints = [...blockHints(s3.bucket, access.blocks)];
  if (access.policy === "none" || access.policy === "private") {
    hints.push(
      `The bucket policy does not allow public reads: podtrust manifests s3-policy > policy.json; aws s3api put-bucket-policy --bucket ${s3.bucket} --policy file://policy.json`,
    );
  }
  if (access.policy === "public" && hints.length === 0) {
    hints.push(
      "The bucket policy is public in part: check that it names the two objects, that the account's own Block Public Access (aws s3control get-public-access-block) is off, and that the objects are not encrypted with a KMS key, which others may not use.",
    );
  }
  return hints;
}
