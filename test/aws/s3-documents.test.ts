/** The bucket adapter against a server that answers as S3 does, in S3's words, and at the worst moments. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test, type TestContext } from "node:test";
import {
  openS3Documents,
  publicBucketPolicy,
  publisherPolicy,
  readPublicAccess,
  type S3Documents,
} from "../../src/providers/aws/index.ts";
import { defined, PodtrustError } from "../../src/core/base/index.ts";

const keys = { discovery: ".well-known/openid-configuration", jwks: "openid/v1/jwks" };
const document = {
  text: "{}",
  mediaType: "application/json",
  cacheControl: "public, max-age=60",
  note: "1 prod=",
};
const credentials = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" };

interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Reply = (asked: ReceivedRequest, response: ServerResponse) => void;

interface Fake {
  readonly documents: S3Documents;
  readonly asked: ReceivedRequest[];
  readonly endpoint: string;
}

async function fake(t: TestContext, reply: Reply, account?: string): Promise<Fake> {
  const asked: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      const one = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body };
      asked.push(one);
      reply(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const access = { region: "eu-central-1", credentials, endpoint, attempts: 1 };
  const documents = openS3Documents({ bucket: "example", keys, ...defined({ account }) }, access);
  t.after(() => {
    documents.close();
    server.closeAllConnections();
    server.close();
  });
  return { documents, asked, endpoint };
}

/** An error as S3 sends it (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html). */
function s3Error(status: number, code: string, message: string, more = ""): Reply {
  return (_asked, response) => {
    const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${more}<RequestId>R1</RequestId><HostId>H1</HostId></Error>`;
    response.writeHead(status, { "content-type": "application/xml", "x-amz-request-id": "R1" }).end(xml);
  };
}

async function failure(work: Promise<unknown>): Promise<PodtrustError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof PodtrustError, String(error));
    return error;
  }
  throw new Error("it did not fail");
}

const stored = (text: string) => ({
  text,
  version: '"e1"',
  mediaType: "a/b",
  cacheControl: "no-cache",
  note: undefined,
});

describe("documents in S3", () => {
  test("a write is conditional, and carries type, cache header, note and the bucket's owner", async (t) => {
    const { documents, asked } = await fake(
      t,
      (_asked, response) => void response.writeHead(200, { etag: '"e2"' }).end(),
      "111122223333",
    );
    assert.equal(await documents.write("jwks", document, undefined), "written");
    assert.equal(await documents.write("discovery", document, stored("x")), "written");
    const [first, second] = asked;
    assert.equal(first?.path.split("?")[0], "/example/openid/v1/jwks");
    assert.equal(first?.headers["if-none-match"], "*");
    assert.equal(first?.headers["if-match"], undefined);
    assert.equal(first?.headers["content-type"], "application/json");
    assert.equal(first?.headers["cache-control"], "public, max-age=60");
    assert.equal(first?.headers["x-amz-meta-podtrust-keys"], "1 prod=");
    assert.equal(first?.headers["x-amz-expected-bucket-owner"], "111122223333");
    assert.equal(first?.headers["x-amz-acl"], undefined);
    assert.equal(second?.headers["if-match"], '"e1"');
    assert.equal(second?.path.split("?")[0], "/example/.well-known/openid-configuration");
  });

  test("three answers of S3 mean that somebody was faster", async (t) => {
    const answers: [number, string][] = [
      [412, "PreconditionFailed"],
      [409, "ConditionalRequestConflict"],
      [404, "NoSuchKey"],
    ];
    for (const [status, code] of answers) {
      const { documents } = await fake(
        t,
        s3Error(status, code, "At least one of the pre-conditions you specified did not hold"),
      );
      assert.equal(await documents.write("jwks", document, stored("x")), "conflict", code);
    }
  });

  test("an absent object is none; everything else that S3 says has a code of ours", async (t) => {
    const absent = await fake(t, s3Error(404, "NoSuchKey", "The specified key does not exist."));
    assert.equal(await absent.documents.read("jwks"), undefined);
    const answers: [number, string, string][] = [
      [404, "NoSuchBucket", "s3-bucket-missing"],
      [400, "AuthorizationHeaderMalformed", "s3-wrong-region"],
      [403, "AccessDenied", "aws-denied"],
      [403, "InvalidAccessKeyId", "aws-no-credentials"],
      [403, "SignatureDoesNotMatch", "aws-credentials-refused"],
      [400, "ExpiredToken", "aws-credentials-expired"],
      [403, "RequestTimeTooSkewed", "aws-clock"],
      [503, "SlowDown", "aws-throttled"],
      [500, "InternalError", "aws-unavailable"],
    ];
    for (const [status, code, ours] of answers) {
      const { documents } = await fake(t, s3Error(status, code, "words of S3"));
      const read = await failure(documents.read("jwks"));
      assert.equal(read.code, ours, code);
      assert.match(read.message, /^reading s3:\/\/example\/openid\/v1\/jwks: /u);
      assert.equal((await failure(documents.write("jwks", document, undefined))).code, ours, code);
    }
  });

  test("a refusal says which policy would let us in", async (t) => {
    const { documents } = await fake(t, s3Error(403, "AccessDenied", "Access Denied"));
    assert.match((await failure(documents.read("jwks"))).next, /podtrust manifests s3-publisher-policy/u);
  });

  test("an object too large to be ours is not read, and a server that says nothing is unreachable", async (t) => {
    const large = await fake(t, (_asked, response) => {
      response.writeHead(200, { etag: '"e"', "content-length": String(10 ** 9) });
      response.write("x");
    });
    assert.equal((await failure(large.documents.read("jwks"))).code, "s3-object-invalid");
    const silent = await fake(t, (_asked, response) => void response.destroy());
    assert.equal((await failure(silent.documents.read("jwks"))).code, "aws-unreachable");
  });

  test("an error of S3 holds no secret", async (t) => {
    const { documents } = await fake(
      t,
      s3Error(
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match",
        "<StringToSign>AWS4-HMAC-SHA256 x</StringToSign>",
      ),
    );
    const error = await failure(documents.read("jwks"));
    assert.doesNotMatch(JSON.stringify(error) + error.message, /StringToSign|AWS4-HMAC/u);
  });

  test("how public a bucket is is read switch by switch; what is not told is unknown", async (t) => {
    const block = `<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>false</RestrictPublicBuckets></PublicAccessBlockConfiguration>`;
    const access = async (reply: Reply) => {
      const { endpoint } = await fake(t, reply);
      const as = { region: "eu-central-1", credentials, endpoint, attempts: 1 };
      return readPublicAccess("example", as, new AbortController().signal);
    };
    const found = await access((asked, response) => {
      if (asked.path.includes("publicAccessBlock")) response.writeHead(200).end(block);
      else response.writeHead(200).end("<PolicyStatus><IsPublic>true</IsPublic></PolicyStatus>");
    });
    assert.deepEqual(found, {
      blocks: ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy"],
      policy: "public",
      complaints: [],
    });
    const bare = await access((asked, response) => {
      const code = asked.path.includes("publicAccessBlock")
        ? "NoSuchPublicAccessBlockConfiguration"
        : "NoSuchBucketPolicy";
      s3Error(404, code, "none")(asked, response);
    });
    assert.deepEqual(bare, { blocks: [], policy: "none", complaints: [] });
    const denied = await access(s3Error(403, "AccessDenied", "Access Denied"));
    assert.deepEqual(denied.blocks, "unknown");
    assert.equal(denied.policy, "unknown");
    assert.equal(denied.complaints.length, 2);
  });

  test("policies name the two objects and nothing else", () => {
    const where = { bucket: "example", keys, region: "eu-central-1" };
    const objects = [
      "arn:aws:s3:::example/.well-known/openid-configuration",
      "arn:aws:s3:::example/openid/v1/jwks",
    ];
    const [everybody, ...more] = publicBucketPolicy(where).Statement;
    assert.deepEqual(more, []);
    assert.equal(everybody?.Principal, "*");
    assert.deepEqual(everybody.Action, ["s3:GetObject"]);
    assert.deepEqual(everybody.Resource, objects);
    const arn = "arn:aws:cloudfront::111122223333:distribution/EDFDVBD6EXAMPLE";
    const [front] = publicBucketPolicy(where, arn).Statement;
    assert.deepEqual(front?.Principal, { Service: "cloudfront.amazonaws.com" });
    assert.deepEqual(front.Condition, { StringEquals: { "AWS:SourceArn": arn } });
    const [write] = publisherPolicy({ ...where, region: "cn-north-1" }).Statement;
    assert.deepEqual(write?.Action, ["s3:GetObject", "s3:PutObject"]);
    assert.equal(write.Resource[0], "arn:aws-cn:s3:::example/.well-known/openid-configuration");
  });
});
