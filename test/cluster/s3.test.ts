/** Publishing into a bucket, against a real S3 server: order, headers, conflicts, rights, outages. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { CreateOpenIDConnectProviderCommand, CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateBucketCommand, HeadObjectCommand, PutBucketPolicyCommand, S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { openS3Documents, publicBucketPolicy, publisherPolicy } from "../../src/providers/aws/index.ts";
import { systemClock } from "../../src/core/base/index.ts";
import { loadConfig } from "../../src/config/index.ts";
import { parseConnectTo, request } from "../../src/core/http/index.ts";
import { openKubernetes } from "../../src/providers/kubernetes/index.ts";
import { servePublisher, type Serving } from "../../src/publisher/configs/index.ts";
import { type DocumentTarget, publishOnce, type PublisherStatus } from "../../src/publisher/index.ts";
import {
  type Sandbox,
  type StandInCluster,
  startSandbox,
  startStandInCluster,
} from "../../src/sandbox/index.ts";
import { podtrustChild } from "../support/cli.ts";
import { FakeBucket } from "../support/fake-bucket.ts";
import { FakeCluster, MemoryLog, newKey } from "../support/publisher.ts";
import { audience, webIdentityTrust } from "../support/sandbox.ts";
import { leftOut } from "./harness/index.ts";
import { type S3Credentials, type S3Server, startS3 } from "./harness/versitygw.ts";
import { maxWait, until } from "../support/until.ts";

const region = "eu-central-1";
const documentKeys = { discovery: ".well-known/openid-configuration", jwks: "openid/v1/jwks" };

/** The ARN that STS gives a token of the cluster, once its issuer and a role are registered. */
async function assumedBy(sandbox: Sandbox, cluster: StandInCluster): Promise<string> {
  const aws = { endpoint: sandbox.url, region, credentials: sandbox.admin, maxAttempts: 1 };
  const [iam, sts] = [new IAMClient(aws), new STSClient(aws)];
  try {
    const made = await iam.send(
      new CreateOpenIDConnectProviderCommand({ Url: cluster.issuer, ClientIDList: [audience] }),
    );
    const trust = JSON.stringify(webIdentityTrust(made.OpenIDConnectProviderArn ?? ""));
    const role = await iam.send(new CreateRoleCommand({ RoleName: "demo", AssumeRolePolicyDocument: trust }));
    const answer = await sts.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: role.Role?.Arn ?? "",
        RoleSessionName: "job",
        WebIdentityToken: cluster.forgeToken({ namespace: "aws-test", name: "demo", audiences: [audience] }),
      }),
    );
    return answer.AssumedRoleUser?.Arn ?? "";
  } finally {
    iam.destroy();
    sts.destroy();
  }
}

describe("a bucket at a real S3 server", { skip: leftOut() }, () => {
  let server: S3Server;
  let client: S3Client;
  let folder: string;
  let buckets = 0;

  before(async () => {
    server = await startS3({ region });
    // The SDK verifies as always; only which roots there are is the test's.
    setDefaultCACertificates([...getCACertificates("default"), server.ca]);
    client = new S3Client({
      region,
      endpoint: server.endpoint,
      credentials: server.root,
      forcePathStyle: true,
    });
    folder = await mkdtemp(join(tmpdir(), "podtrust-s3-"));
  });

  after(async () => {
    client.destroy();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function newBucket(): Promise<string> {
    buckets += 1;
    const bucket = `podtrust-test-${buckets}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    return bucket;
  }

  const issuerOf = (bucket: string): string => `https://${bucket}.s3.${region}.amazonaws.com`;
  const hostOf = (bucket: string): string => `${bucket}.s3.${region}.amazonaws.com`;
  const route = (bucket: string): string => `${hostOf(bucket)}:443:127.0.0.1:${server.port}`;

  function target(bucket: string, credentials: S3Credentials = server.root): DocumentTarget {
    const access = { region, endpoint: server.endpoint, credentials, attempts: 1 };
    return openS3Documents({ bucket, keys: documentKeys }, access);
  }

  const once = (
    bucket: string,
    cluster: FakeCluster,
    change: { stack?: string; target?: DocumentTarget } = {},
  ) =>
    publishOnce({
      stack: "prod",
      names: { issuer: cluster.issuer, jwksUri: cluster.jwksUri },
      cluster,
      target: target(bucket),
      cacheControl: "public, max-age=60",
      keyRetention: 86_400_000,
      clock: systemClock,
      signal: AbortSignal.timeout(maxWait),
      ...change,
    });

  async function letIn(bucket: string, ...statements: readonly object[]): Promise<void> {
    const policy = JSON.stringify({ Version: "2012-10-17", Statement: statements });
    await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: policy }));
  }

  const everybody = (bucket: string): readonly object[] =>
    publicBucketPolicy({ bucket, region, keys: documentKeys }).Statement;

  /** As a stranger reads it: by the bucket's public name, over verified TLS, without credentials. */
  const fetched = (bucket: string, path: string) =>
    request(`${issuerOf(bucket)}/${path}`, { ca: server.ca, connectTo: [parseConnectTo(route(bucket))] });

  async function kidsOf(bucket: string): Promise<readonly string[]> {
    const stored = await target(bucket).read("jwks");
    const { keys } = JSON.parse(stored?.text ?? '{"keys":[]}') as { keys: { kid: string }[] };
    return keys.map(({ kid }) => kid).sort();
  }

  const writes = (bucket: string): readonly string[] =>
    server
      .log()
      .filter((line) => line.includes(` ${bucket} `) && line.includes(" s3_PutObject "))
      .map((line) => (line.includes("openid/v1/jwks") ? "jwks" : "discovery"));

  test("JWK Set first, with content types and cache header, and nothing a second time", async () => {
    const bucket = await newBucket();
    const cluster = new FakeCluster(issuerOf(bucket));
    assert.deepEqual((await once(bucket, cluster)).written, ["jwks", "discovery"]);
    assert.deepEqual((await once(bucket, cluster)).written, []);
    const head = (key: string) => client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    const [jwks, discovery] = [await head(documentKeys.jwks), await head(documentKeys.discovery)];
    assert.equal(jwks.ContentType, "application/jwk-set+json");
    assert.equal(discovery.ContentType, "application/json");
    assert.equal(jwks.CacheControl, "public, max-age=60");
    assert.equal(discovery.CacheControl, "public, max-age=60");
    assert.deepEqual(writes(bucket), ["jwks", "discovery"]);
  });

  test("ten publishers of ten clusters at once lose no key", async () => {
    const bucket = await newBucket();
    const clusters = Array.from({ length: 10 }, () => new FakeCluster(issuerOf(bucket)));
    const outcomes = await Promise.all(
      clusters.map((cluster, index) => once(bucket, cluster, { stack: `s${index}` })),
    );
    assert.deepEqual(await kidsOf(bucket), clusters.map(({ keys: [key] }) => key?.kid ?? "").sort());
    assert.ok(outcomes.reduce((sum, { conflicts }) => sum + conflicts, 0) > 0, "nobody met anybody");
  });

  test("a key that vanished is kept by a publisher that remembers nothing itself", async () => {
    const bucket = await newBucket();
    const [old, next] = [newKey(), newKey()];
    await once(bucket, new FakeCluster(issuerOf(bucket), [old]));
    await once(bucket, new FakeCluster(issuerOf(bucket), [next]));
    assert.deepEqual(await kidsOf(bucket), [old.kid, next.kid].sort());
  });

  test("the fake of the unit tests takes the same steps as the real server", async () => {
    const bucket = await newBucket();
    const steps = async (at: DocumentTarget): Promise<readonly unknown[]> => {
      const doc = (text: string, note: string) => ({
        text,
        mediaType: "a/b",
        cacheControl: "no-cache",
        note,
      });
      const seen: unknown[] = [await at.read("jwks")];
      seen.push(await at.write("jwks", doc("one", "1"), undefined));
      seen.push(await at.write("jwks", doc("two", "1"), undefined));
      const first = await at.read("jwks");
      seen.push(first, await at.write("jwks", doc("two", "2"), first));
      seen.push(await at.write("jwks", doc("three", "3"), first), await at.read("jwks"));
      const second = await at.read("jwks");
      // The note alone changes: the version does not.
      seen.push(await at.write("jwks", doc("two", "4"), second), await at.read("jwks"));
      seen.push(await at.write("jwks", doc("two", "5"), second));
      seen.push(await at.write("discovery", doc("x", "1"), second), await at.read("discovery"));
      return seen;
    };
    assert.deepEqual(await steps(target(bucket)), await steps(new FakeBucket().target()));
  });

  test("strangers read the two documents by the offered policy and nothing else; before it, nothing", async () => {
    const bucket = await newBucket();
    await once(bucket, new FakeCluster(issuerOf(bucket)));
    assert.equal((await fetched(bucket, documentKeys.jwks)).status, 403);
    await letIn(bucket, ...everybody(bucket));
    for (const key of Object.values(documentKeys)) assert.equal((await fetched(bucket, key)).status, 200);
    assert.equal(
      (await fetched(bucket, documentKeys.jwks)).headers["content-type"],
      "application/jwk-set+json",
    );
    assert.equal((await fetched(bucket, "openid/v1/other")).status, 403);
    assert.equal((await fetched(bucket, "")).status, 403);
  });

  test("the offered policy of the publisher's credentials is enough, and without it he is told what to do", async () => {
    const bucket = await newBucket();
    const cluster = new FakeCluster(issuerOf(bucket));
    const own = { target: target(bucket, server.user) };
    await assert.rejects(once(bucket, cluster, own), {
      code: "aws-denied",
      next: /podtrust manifests s3-publisher-policy/u,
    });
    const Principal = { AWS: [server.user.accessKeyId] };
    const rights = publisherPolicy({ bucket, region, keys: documentKeys }).Statement;
    await letIn(bucket, ...rights.map((statement) => ({ ...statement, Principal })));
    assert.deepEqual((await once(bucket, cluster, own)).written, ["jwks", "discovery"]);
  });

  test("wrong secret, wrong region and no such bucket are told apart", async () => {
    const bucket = await newBucket();
    const cluster = new FakeCluster(issuerOf(bucket));
    const at = (place: string, change: object): DocumentTarget =>
      openS3Documents(
        { bucket: place, keys: documentKeys },
        { region, endpoint: server.endpoint, credentials: server.root, attempts: 1, ...change },
      );
    const code = (given: DocumentTarget, expected: string): Promise<void> =>
      assert.rejects(once(bucket, cluster, { target: given }), { code: expected });
    await code(
      at(bucket, { credentials: { ...server.root, secretAccessKey: "no" } }),
      "aws-credentials-refused",
    );
    await code(at(bucket, { credentials: { ...server.root, accessKeyId: "NOBODY" } }), "aws-no-credentials");
    await code(at(bucket, { region: "us-east-1" }), "s3-wrong-region");
    await code(at("podtrust-absent", {}), "s3-bucket-missing");
  });

  /** A config whose publisher writes into the bucket, for a stand-in cluster. */
  async function writeConfig(bucket: string, cluster: StandInCluster): Promise<string> {
    const place = join(folder, bucket);
    await writeFile(`${place}.kubeconfig`, cluster.kubeconfig("publisher"), { mode: 0o600 });
    const publisher = {
      source: { kubeconfig: `${place}.kubeconfig` },
      stateDir: `${place}-state`,
      admin: false,
      pollInterval: "1s",
      s3: { bucket, region },
    };
    await writeFile(`${place}.yaml`, JSON.stringify({ stack: "prod", issuer: cluster.issuer, publisher }));
    return `${place}.yaml`;
  }

  const environment = (): Readonly<Record<string, string>> => ({
    AWS_ENDPOINT_URL_S3: server.endpoint,
    AWS_ACCESS_KEY_ID: server.root.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.root.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: "true",
    NODE_EXTRA_CA_CERTS: server.caFile,
  });

  test("publish s3: published, not to be seen, the policy, seen", async () => {
    const bucket = await newBucket();
    const cluster = await startStandInCluster({ issuer: issuerOf(bucket) });
    try {
      const config = await writeConfig(bucket, cluster);
      const env = environment();
      const args = ["-f", config, "--connect-to", route(bucket), "--ca", server.caFile];
      const first = await podtrustChild(["publish", "s3", ...args], { env });
      assert.equal(first.code, 3, first.out + first.err);
      assert.match(first.out, /wrote s3:\/\/.*\/openid\/v1\/jwks\nwrote s3:\/\/.*\/\.well-known/u);
      assert.match(first.out, /not seen from outside: .*403/u);
      assert.match(first.out, /podtrust manifests s3-policy > policy\.json/u);
      const printed = await podtrustChild(["manifests", "s3-policy", "-f", config], { env });
      await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: printed.out }));
      const second = await podtrustChild(["publish", "s3", ...args], { env });
      assert.equal(second.code, 0, second.out + second.err);
      assert.match(second.out, /holds both documents as they should be/u);
      assert.match(second.out, /seen from outside/u);
      const json = await podtrustChild(["publish", "s3", ...args, "--json"], { env });
      const result = JSON.parse(json.out) as { written: unknown[]; seen: { reached: boolean } };
      assert.deepEqual([result.written, result.seen.reached], [[], true]);
    } finally {
      await cluster.close();
    }
  });

  test("podtrust serve with s3 in the config publishes, hears rotate distrust, and ends on SIGTERM", async () => {
    const bucket = await newBucket();
    const cluster = await startStandInCluster({ issuer: issuerOf(bucket) });
    const { kid } = await cluster.keys.create();
    const config = await writeConfig(bucket, cluster);
    const asRoot = process.getuid?.() === 0 ? ["--insecure-run-as-root"] : [];
    let kill: (signal: NodeJS.Signals) => void = () => {};
    const serving = podtrustChild(["serve", "-f", config, ...asRoot], {
      env: environment(),
      onStart: (end) => (kill = end),
    });
    try {
      await until("both keys in the bucket", async () => (await kidsOf(bucket)).length === 2);
      // The cluster shows both keys, and a client certificate does not tell which of them signs.
      const unsure = await podtrustChild(["rotate", "distrust", kid, "-f", config]);
      assert.equal(unsure.code, 1);
      assert.match(unsure.err, /code: {2}publisher-key-signs/u);
      const distrust = await podtrustChild(["rotate", "distrust", kid, "-f", config, "--force"]);
      assert.equal(distrust.code, 0, distrust.err);
      assert.equal((await kidsOf(bucket)).includes(kid), false);
      const status = await podtrustChild(["rotate", "status", "-f", config]);
      assert.match(status.out, new RegExp(`published in s3://${bucket}, seen there`, "u"));
    } finally {
      kill("SIGTERM");
      await cluster.close();
    }
    const { code, out, err } = await serving;
    assert.equal(code, 0, err);
    assert.match(out + err, new RegExp(`"elsewhere":\\["s3://${bucket}"\\]`, "u"));
  });

  async function untilSo(
    serving: Serving,
    holds: (status: PublisherStatus) => boolean,
  ): Promise<PublisherStatus> {
    const status = (): PublisherStatus => serving.publisher.status();
    await until("the status is as it should be", () => holds(status()), {
      detail: () => JSON.stringify(status(), undefined, 1),
    });
    return status();
  }

  test("serve keeps the bucket through rotation, distrust and an outage, and STS accepts its tokens", async () => {
    const bucket = await newBucket();
    const issuer = issuerOf(bucket);
    await letIn(bucket, ...everybody(bucket));
    const cluster = await startStandInCluster({ issuer });
    const file = await writeConfig(bucket, cluster);
    const config = await loadConfig(file, {});
    const serving = await servePublisher({
      configs: [config],
      clock: systemClock,
      logger: new MemoryLog(),
      sockets: new Map(),
      env: {},
      openTarget: () => Promise.resolve(target(bucket)),
    });
    const sandbox = await startSandbox({
      ca: server.ca,
      connectTo: [parseConnectTo(route(bucket))],
      propagationMs: 0,
    });
    try {
      await serving.publisher.ready(AbortSignal.timeout(maxWait));
      assert.deepEqual(writes(bucket), ["jwks", "discovery"]);
      assert.match(await assumedBy(sandbox, cluster), /:assumed-role\/demo\/job$/u);

      await server.halt();
      const next = await cluster.keys.create();
      const failing = await untilSo(serving, ({ issuers: [one] }) => one?.publication?.failing !== undefined);
      assert.equal(failing.issuers[0]?.publication?.failing?.code, "aws-unreachable");
      assert.equal(failing.issuers[0]?.publication?.pending, true);
      assert.equal(failing.ready, true, "what stands there is still true");
      await server.resume();
      await untilSo(serving, ({ issuers: [one] }) => one?.publication?.failing === undefined);
      assert.ok((await kidsOf(bucket)).includes(next.kid));

      const outcome = await serving.publisher.distrust(next.kid, { force: true });
      assert.equal(outcome.published, true);
      assert.equal((await kidsOf(bucket)).includes(next.kid), false);
      // Another publisher of the same cluster, which knows nothing of that, does not bring it back.
      const real = await openKubernetes({ kubeconfig: file.replace(/yaml$/u, "kubeconfig") });
      const again = new FakeCluster(issuer);
      again.oidcDocuments = () => real.oidcDocuments();
      const { warnings } = await once(bucket, again);
      assert.match(warnings.join(), /is distrusted and the cluster still shows it/u);
      assert.equal((await kidsOf(bucket)).includes(next.kid), false);
    } finally {
      await serving.close(0);
      await sandbox.close();
      await cluster.close();
    }
  });
});
