import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { HeadBucketCommand, ListBucketsCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { defined } from "../../src/core/base/index.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/index.ts";

async function started(t: TestContext): Promise<Sandbox> {
  const sandbox = await startSandbox();
  t.after(() => sandbox.close());
  return sandbox;
}

/** A request as an SDK would sign it for a service; nothing verifies the signature. */
async function signedFor(
  sandbox: Sandbox,
  service: string,
  request: { method: string; path: string; body?: string; headers?: Record<string, string> },
): Promise<{ status: number; type: string; errorType: string | null; body: string }> {
  const credential = `AKIAEXAMPLE/20261125/eu-central-1/${service}/aws4_request`;
  const response = await fetch(sandbox.url + request.path, {
    method: request.method,
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=${"0".repeat(64)}`,
      ...request.headers,
    },
    ...defined({ body: request.body }),
  });
  const type = response.headers.get("content-type") ?? "";
  const errorType = response.headers.get("x-amzn-errortype");
  return { status: response.status, type, errorType, body: await response.text() };
}

describe("a call of a service that the sandbox lacks", () => {
  const lacksS3 = /^This sandbox does not implement s3: it implements iam, sts, ssm, tagging$/u;

  test("reaches the S3 SDK as an error with code and text, at the first try, and stands in the decisions", async (t) => {
    const sandbox = await started(t);
    const s3 = new S3Client({
      endpoint: sandbox.url,
      region: "eu-central-1",
      credentials: sandbox.admin,
      forcePathStyle: true,
    });
    t.after(() => s3.destroy());
    await assert.rejects(s3.send(new ListBucketsCommand({})), { name: "InvalidAction", message: lacksS3 });
    const put = new PutObjectCommand({ Bucket: "b", Key: "k", Body: "a=%zz" });
    await assert.rejects(s3.send(put), { name: "InvalidAction", message: lacksS3 });
    await assert.rejects(
      s3.send(new HeadBucketCommand({ Bucket: "b" })),
      (error: { $metadata: { httpStatusCode?: number; attempts?: number } }) =>
        error.$metadata.httpStatusCode === 400 && error.$metadata.attempts === 1,
    );
    assert.deepEqual(
      sandbox.decisions().map(({ action, decision, rule, code }) => [action, decision, rule, code]),
      ["s3:GET /", "s3:PUT /b/k", "s3:HEAD /b/"].map((action) => [
        action,
        "invalid",
        "service-implemented",
        "InvalidAction",
      ]),
    );
  });

  const forms: readonly (readonly [
    what: string,
    service: string,
    operation: string,
    request: Parameters<typeof signedFor>[2],
    body: RegExp,
  ])[] = [
    [
      "S3's XML",
      "s3",
      "GET /",
      { method: "GET", path: "/" },
      /^<Error>\n<Code>InvalidAction<\/Code>\n<Message>This sandbox does not implement s3: [^<]*<\/Message>/u,
    ],
    [
      "EC2's XML",
      "ec2",
      "DescribeInstances",
      { method: "POST", path: "/", body: "Action=DescribeInstances&Version=2016-11-15" },
      /^<Response>\n<Errors><Error><Code>InvalidAction<\/Code>\n<Message>This sandbox does not implement ec2/u,
    ],
    [
      "the query protocol's XML",
      "sns",
      "ListTopics",
      { method: "POST", path: "/", body: "Action=ListTopics&Version=2010-03-31" },
      /^<ErrorResponse [^>]*>\n<Error>\n<Type>Sender<\/Type>\n<Code>InvalidAction<\/Code>\n<Message>This sandbox does not implement sns/u,
    ],
    [
      "JSON, for a REST service",
      "lambda",
      "GET /2015-03-31/functions/",
      { method: "GET", path: "/2015-03-31/functions/" },
      /^\{"__type":"InvalidAction","message":"This sandbox does not implement lambda/u,
    ],
    [
      "JSON, for a service with targets",
      "dynamodb",
      "ListTables",
      { method: "POST", path: "/", body: "{}", headers: { "x-amz-target": "DynamoDB_20120810.ListTables" } },
      /^\{"__type":"InvalidAction","message":"This sandbox does not implement dynamodb: /u,
    ],
  ];
  for (const [what, service, operation, request, body] of forms) {
    test(`is refused in ${what}, by name, and stands in the decisions under it`, async (t) => {
      const sandbox = await started(t);
      const answer = await signedFor(sandbox, service, request);
      const [decision] = sandbox.decisions();
      assert.equal(decision?.action, `${service}:${operation}`);
      assert.equal(decision.rule, "service-implemented");
      assert.equal(answer.status, 400);
      assert.match(answer.body, body);
      const json = answer.body.startsWith("{");
      assert.equal(answer.type, json ? "application/x-amz-json-1.1" : "text/xml");
      assert.equal(answer.errorType, json ? "InvalidAction" : null);
    });
  }

  test("is refused when a presigned URL asks for it, or a signature of version 2", async (t) => {
    const sandbox = await started(t);
    const credential = encodeURIComponent("AKIAEXAMPLE/20261125/eu-central-1/s3/aws4_request");
    const presigned = await fetch(`${sandbox.url}/b/k?X-Amz-Signature=0&X-Amz-Credential=${credential}`);
    assert.match(await presigned.text(), /does not implement s3/u);
    const second = await fetch(sandbox.url, { headers: { authorization: "AWS AKIAEXAMPLE:c2lnbmF0dXJl" } });
    assert.match(await second.text(), /does not implement s3/u);
  });

  test("never gets the web page, which a browser goes on getting", async (t) => {
    const sandbox = await started(t);
    const sdk = await fetch(sandbox.url, { headers: { "amz-sdk-invocation-id": "1" } });
    assert.equal(sdk.headers.get("content-type"), "text/xml");
    assert.match(await sdk.text(), /<Code>MissingAction<\/Code>/u);
    const browser = await fetch(sandbox.url, { headers: { accept: "text/html" } });
    assert.match(browser.headers.get("content-type") ?? "", /^text\/html/u);
  });

  test("cannot take a call of IAM, STS or SSM away from them by a wrong scope", async (t) => {
    const sandbox = await started(t);
    const request = { method: "POST", path: "/", body: "Action=ListRoles&Version=2010-05-08" };
    assert.match((await signedFor(sandbox, "s3", request)).body, /<Code>IncompleteSignature<\/Code>/u);
  });
});

test("letters that are percent-encoded in a query for no reason mean the same, in names and in values", async () => {
  await using sandbox = await startSandbox();
  for (const query of [
    "Action=%4cist%52oles&Version=2010-05-08",
    "%41ction=ListRoles&Version=2010-05-08",
    "%41%63%74%69%6f%6e=ListRoles&%56ersion=2010-05-08",
  ]) {
    const response = await fetch(`${sandbox.url}/?${query}`);
    assert.match(await response.text(), /<Code>MissingAuthenticationToken<\/Code>/u, query);
  }
  assert.deepEqual(
    sandbox.decisions().map(({ action }) => action),
    ["iam:ListRoles", "iam:ListRoles", "iam:ListRoles"],
  );
});
