import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { openBackupBucket } from "./index.ts";
import { maxWait } from "../../../test/support/until.ts";

interface S3Request {
  readonly what: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A service that speaks S3 as far as it is asked, and answers with a status. */
async function bucketAt(t: TestContext, status: () => number) {
  const asked: S3Request[] = [];
  const server = createServer((incoming, answer) => {
    const pieces: Buffer[] = [];
    incoming.on("data", (piece: Buffer) => pieces.push(piece));
    incoming.on("end", () => {
      const body = Buffer.concat(pieces).toString("latin1");
      asked.push({ what: `${incoming.method} ${incoming.url}`, headers: incoming.headers, body });
      const code = status() === 412 ? "PreconditionFailed" : "AccessDenied";
      answer.writeHead(status(), { "content-type": "application/xml" });
      answer.end(status() === 200 ? "" : `<Error><Code>${code}</Code><Message>no</Message></Error>`);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const credentials = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" };
  const access = { region: "eu-central-1", credentials, s3Endpoint: `http://127.0.0.1:${port}` };
  const place = { bucket: "backups", prefix: "podtrust/", account: "111122223333" };
  const bucket = openBackupBucket(place, access);
  t.after(() => bucket.close());
  return { bucket, asked };
}

describe("a bucket for backups", () => {
  test("is asked for one thing: to put an object where none is, into the account that is named", async (t) => {
    const { bucket, asked } = await bucketAt(t, () => 200);
    await bucket.put("prod.age", Buffer.from("sealed"), AbortSignal.timeout(maxWait));
    assert.equal(bucket.name, "s3://backups/podtrust/");
    assert.equal(asked.length, 1);
    const [only] = asked;
    assert.ok(only !== undefined);
    const { what, headers, body } = only;
    assert.match(what, /^PUT \/backups\/podtrust\/prod\.age(?:\?x-id=PutObject)?$/u);
    assert.deepEqual(
      [headers["if-none-match"], headers["x-amz-expected-bucket-owner"]],
      ["*", "111122223333"],
    );
    assert.match(body, /sealed/u);
  });

  test("that has the object already is left as it is, and one that refuses is said with the right that is missing", async (t) => {
    let status = 412;
    const { bucket } = await bucketAt(t, () => status);
    await bucket.put("prod.age", Buffer.from("sealed"), AbortSignal.timeout(maxWait));
    status = 403;
    await assert.rejects(bucket.put("b.age", Buffer.from("x"), AbortSignal.timeout(maxWait)), {
      code: "aws-denied",
      next: /s3:PutObject/u,
    });
  });
});
