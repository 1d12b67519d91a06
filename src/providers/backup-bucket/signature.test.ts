import assert from "node:assert/strict";
import { test } from "node:test";
import { signedHeaders } from "./signature.ts";

test("a PUT is signed as AWS's own example of one is", () => {
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "Example: PUT Object"
  const key = {
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  };
  const put = {
    url: new URL("https://examplebucket.s3.amazonaws.com/test%24file.text"),
    headers: { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
    body: Buffer.from("Welcome to Amazon S3."),
  };
  const headers = signedHeaders(put, { key, region: "us-east-1", now: Date.UTC(2013, 4, 24) });
  assert.equal(headers["x-amz-date"], "20130524T000000Z");
  assert.equal(
    headers["authorization"],
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  );
});
