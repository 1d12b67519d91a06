/** Backups that the publisher's own program, which has no SDK of AWS, puts into a bucket. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, type TestContext, test } from "node:test";
import { opened } from "../../src/backup/index.ts";
import { newIdentity, readIdentities } from "../../src/core/age/index.ts";
import { openKeyedBucket } from "../../src/providers/backup-bucket/index.ts";
import { startStandInCluster } from "../../src/sandbox/index.ts";
import { verifyRequest } from "../../src/sandbox/aws/sigv4/verify.ts";
import { testAuthority } from "../support/certificates.ts";
import { TestClock } from "../support/clock.ts";
import { certificateFiles, startPublisherProcess } from "../support/publisher-process.ts";
import { maxWait, until } from "../support/until.ts";

const id = "AKIAIOSFODNN7EXAMPLE";
const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const program = join(import.meta.dirname, "../../src/cli/publisher-program/main.ts");

/** Under which it is asked. */
const names = [
  "127.0.0.1",
  "oidc.example.test",
  "s3.eu-central-1.amazonaws.com",
  "backups.s3.eu-central-1.amazonaws.com",
  "backups.s3.cn-north-1.amazonaws.com.cn",
];

interface ReceivedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A service that speaks S3 as far as it is asked, over HTTPS, and a file with an access key for it. */
async function bucketAt(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-keyed-bucket-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const authority = await testAuthority();
  const { certificate: cert, key } = await authority.issue(names);
  const asked: ReceivedRequest[] = [];
  const answer = { status: 200, code: "" };
  const server = createServer({ cert, key }, (incoming, response) => {
    const pieces: Buffer[] = [];
    incoming.on("data", (piece: Buffer) => pieces.push(piece));
    incoming.on("end", () => {
      const { method = "", url: target = "", headers } = incoming;
      asked.push({ method, target, headers, body: Buffer.concat(pieces) });
      response.writeHead(answer.status);
      response.end(`<?xml version="1.0"?><Error><Code>${answer.code}</Code></Error>`);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const credentialsFile = join(folder, "backup-credentials");
  await writeFile(
    credentialsFile,
    `[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`,
    { mode: 0o600 },
  );
  const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const place = {
    bucket: "example-backups",
    region: "eu-central-1",
    prefix: "prod/",
    endpoint,
    credentialsFile,
  };
  return { folder, authority, certificate: { certificate: cert, key }, asked, answer, place };
}

/** Judged by the sandbox's own reading of AWS's rules, which shares no code with what signs. */
function assertSigned({ method, target, headers, body }: ReceivedRequest, now: number): void {
  const values = Object.entries(headers).map(([name, value]) => [name, [value ?? ""].flat()] as const);
  const wire = { method, target, headers: Object.fromEntries(values), body };
  const findKey = (asked: string) => (asked === id ? { secret, session: undefined } : undefined);
  verifyRequest(wire, { service: "s3", protocol: "query", now, signedAt: now, findKey });
}

describe("a bucket that an access key from a file opens", () => {
  test("gets what the publisher's program backs up, signed, and is asked for nothing else", async (t) => {
    const { folder, authority, certificate, asked, place } = await bucketAt(t);
    const issuer = "https://oidc.example.test";
    const cluster = await startStandInCluster({ issuer });
    t.after(() => cluster.close());
    const roots = join(folder, "roots.pem");
    await writeFile(roots, authority.root);
    const { identity, recipient } = newIdentity();
    const publisher = await startPublisherProcess({
      command: ["env", `NODE_EXTRA_CA_CERTS=${roots}`, process.execPath, program],
      folder,
      stacks: [
        {
          stack: "prod",
          issuer,
          kubeconfig: cluster.kubeconfig("publisher"),
          https: await certificateFiles(folder, certificate),
          backup: { recipients: [recipient], s3: { ...place, account: "111122223333" } },
        },
      ],
    });
    t.after(() => publisher.close());
    await until("a backup is put", () => asked.length > 0, { detail: publisher.log });
    await publisher.close();
    assert.equal(asked.length, 1, publisher.log());
    const [only] = asked;
    assert.ok(only !== undefined);
    assert.match(
      `${only.method} ${only.target}`,
      /^PUT \/example-backups\/prod\/prod-publisher-[\dTZ-]+\.age$/u,
    );
    assertSigned(only, Date.now());
    const { headers, body } = only;
    assert.deepEqual(
      [headers["if-none-match"], headers["x-amz-expected-bucket-owner"], headers["x-amz-checksum-sha256"]],
      ["*", "111122223333", createHash("sha256").update(body).digest("base64")],
    );
    const contents = await opened(body, { identities: readIdentities(identity) });
    assert.match(String(contents.files.get("documents.json")), /"kid"/u);
    assert.doesNotMatch(publisher.log(), new RegExp(secret, "u"));
  });

  test("that refuses is named with S3's code and what to do, one that has the object is left as it is, and a new key is used at once", async (t) => {
    const { authority, asked, answer, place } = await bucketAt(t);
    const clock = new TestClock(Date.UTC(2026, 10, 29));
    const bucket = openKeyedBucket(place, { clock, ca: authority.root });
    const put = (): Promise<void> => bucket.put("a.age", Buffer.from("sealed"), AbortSignal.timeout(maxWait));
    assert.equal(bucket.name, "s3://example-backups/prod/");
    for (const [status, code, is, next] of [
      [403, "AccessDenied", "aws-denied", /s3:PutObject on that bucket and prefix, and nothing else/u],
      [403, "InvalidAccessKeyId", "aws-no-credentials", /credentialsFile, and run podtrust up/u],
      [403, "SignatureDoesNotMatch", "aws-credentials-refused", /./u],
      [404, "NoSuchBucket", "s3-bucket-missing", /./u],
      [301, "PermanentRedirect", "s3-wrong-region", /./u],
      [503, "Other", "aws-unavailable", /./u],
      [400, "\u001b[31m", "aws-refused", /./u],
    ] as const) {
      Object.assign(answer, { status, code });
      const message = /^writing s3:\/\/example-backups\/prod\/a\.age: S3 answered \d+ \((?:\w+|no code)\)$/u;
      await assert.rejects(put(), { code: is, message, next });
    }
    answer.status = 412;
    await put();
    assertSigned(asked.at(-1) as ReceivedRequest, clock.now());
    await writeFile(place.credentialsFile, "[default]\n");
    await assert.rejects(put(), { code: "backup-access-key" });
  });

  test("is found at AWS by its name, or behind S3's where that has a dot, as its partition calls S3", async (t) => {
    const { authority, asked, place } = await bucketAt(t);
    const { endpoint, ...atAws } = place;
    const toPort = Number(new URL(endpoint).port);
    const connectTo = [{ host: "", port: undefined, address: "127.0.0.1", toPort }];
    const deps = { clock: new TestClock(), ca: authority.root, connectTo };
    const signal = AbortSignal.timeout(maxWait);
    for (const [bucket, region] of [
      ["backups", "eu-central-1"],
      ["my.backups", "eu-central-1"],
      ["backups", "cn-north-1"],
    ] as const)
      await openKeyedBucket({ ...atAws, bucket, region }, deps).put("a.age", Buffer.from("x"), signal);
    assert.deepEqual(
      asked.map(({ headers, target }) => `${headers.host}${target}`),
      [
        "backups.s3.eu-central-1.amazonaws.com/prod/a.age",
        "s3.eu-central-1.amazonaws.com/my.backups/prod/a.age",
        "backups.s3.cn-north-1.amazonaws.com.cn/prod/a.age",
      ],
    );
  });
});
