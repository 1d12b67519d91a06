import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PublicAccess } from "../../providers/aws/index.ts";
import type { S3Config } from "../../config/index.ts";
import { publicHints } from "./public-hints.ts";

const s3: S3Config = {
  kind: "s3",
  bucket: "example-oidc",
  region: "eu-central-1",
  prefix: "",
  keys: { discovery: ".well-known/openid-configuration", jwks: "openid/v1/jwks" },
};
const bucketUrl = "https://example-oidc.s3.eu-central-1.amazonaws.com";
const hints = (issuer: string, access: Partial<PublicAccess>): string =>
  publicHints(issuer, s3, { blocks: [], policy: "none", complaints: [], ...access }).join("\n");

describe("hints about a bucket that is not public", () => {
  test("switches that stand in the way are named, with the call that turns these two off and no others", () => {
    const blocks = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
    const text = hints(bucketUrl, { blocks });
    assert.match(text, /BlockPublicPolicy is on: S3 refuses a public bucket policy/u);
    assert.match(text, /RestrictPublicBuckets is on/u);
    assert.match(
      text,
      /--bucket example-oidc .*BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=false/u,
    );
    assert.match(text, /podtrust manifests s3-policy > policy\.json/u);
  });

  test("do not name the switches for ACLs as a reason", () => {
    const text = hints(bucketUrl, { blocks: ["BlockPublicAcls", "IgnorePublicAcls"] });
    assert.doesNotMatch(text, /put-public-access-block/u);
    assert.match(text, /The bucket policy does not allow public reads/u);
  });

  test("a bucket that is public already points at the account and at KMS", () => {
    const text = hints(bucketUrl, { policy: "public" });
    assert.match(text, /s3control get-public-access-block/u);
    assert.match(text, /KMS/u);
    assert.doesNotMatch(text, /does not allow public reads/u);
  });

  test("do not guess at settings that could not be read", () => {
    assert.equal(
      hints(bucketUrl, { blocks: "unknown", policy: "unknown" }),
      "Whether Block Public Access is on could not be read.",
    );
  });

  test("behind CloudFront no hint says to open the bucket", () => {
    const blocks = ["BlockPublicPolicy", "RestrictPublicBuckets"];
    for (const policy of ["none", "private"] as const) {
      const text = hints("https://d111111abcdef8.cloudfront.net", { blocks, policy });
      assert.match(text, /the bucket stays private/u);
      assert.equal(text.includes("--cloudfront"), policy === "none");
      assert.doesNotMatch(text, /put-public-access-block|BlockPublicPolicy/u);
    }
  });
});
