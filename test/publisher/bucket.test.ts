/** A publisher whose documents stand in a bucket: what it writes when, and what it says of it. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { PodtrustError } from "../../src/core/base/index.ts";
import type { DocumentTarget } from "../../src/publisher/index.ts";
import { settle, TestClock } from "../support/clock.ts";
import { FakeBucket } from "../support/fake-bucket.ts";
import {
  newKey,
  startTestPublisher,
  type TestPublisher,
  type TestPublisherInput,
} from "../support/publisher.ts";
import { maxWait, until } from "../support/until.ts";

const day = 86_400_000;

async function start(
  t: TestContext,
  bucket: FakeBucket,
  input: TestPublisherInput & { target?: DocumentTarget } = {},
): Promise<TestPublisher> {
  const to = await startTestPublisher({
    ...input,
    issuerOptions: { target: input.target ?? bucket.target(), ...input.issuerOptions },
    options: { listen: { admin: { host: "127.0.0.1", port: 0 } }, ...input.options },
  });
  t.after(() => to[Symbol.asyncDispose]());
  return to;
}

const down = (): never => {
  throw new PodtrustError("aws-unreachable", "S3 did not answer");
};

/** The bucket holds what the cluster shows, and no look is under way that a later one would join. */
async function isReady(to: TestPublisher): Promise<void> {
  await to.publisher.ready(AbortSignal.timeout(maxWait));
  await until("the source and the bucket sleep", () => to.clock.sleeping === 2, { everyMs: 2 });
}

/** Moves time; the source and the bucket's loop are asleep again afterwards. */
async function pass(to: TestPublisher, ms: number): Promise<void> {
  await to.clock.advance(ms);
  await until("the source and the bucket sleep", () => to.clock.sleeping === 2, { everyMs: 2 });
}

const kidOf = ({ cluster }: TestPublisher, index: number): string => cluster.keys[index]?.kid ?? "";

describe("serve with a bucket", () => {
  test("listens for no stranger, and is ready once the documents stand in the bucket", async (t) => {
    const bucket = new FakeBucket();
    const to = await start(t, bucket);
    await isReady(to);
    assert.deepEqual(to.publisher.addresses.https, []);
    assert.deepEqual(bucket.kids(), [kidOf(to, 0)]);
    const publication = to.publisher.status().issuers[0]?.publication;
    assert.equal(publication?.place, "s3://fake");
    assert.equal(publication.pending, false);
    const { text } = await to.admin("/metrics");
    assert.match(text, /podtrust_target_confirmed_timestamp_seconds\{stack="test"\} \d/u);
    assert.match(text, /podtrust_target_failures_total\{stack="test"\} 0/u);
  });

  test("a new key is in the bucket at the look that sees it, a gone one for its retention", async (t) => {
    const bucket = new FakeBucket();
    const to = await start(t, bucket, { issuerOptions: { pollInterval: 600_000 } });
    await isReady(to);
    const old = kidOf(to, 0);
    to.cluster.keys = [newKey()];
    await to.publisher.refresh();
    await until("the bucket has what it should", () => bucket.kids().length === 2, { everyMs: 2 });
    await pass(to, 5000);
    await until("the bucket has what it should", () => bucket.kids().includes(old), { everyMs: 2 });
    for (let passed = 0; passed < day + 900_000; passed += 300_000) await pass(to, 300_000);
    await until("the bucket has what it should", () => !bucket.kids().includes(old), { everyMs: 2 });
    assert.deepEqual(bucket.kids(), [kidOf(to, 0)]);
  });

  test("while S3 is away it says so once, tries again later and later, and catches up", async (t) => {
    const bucket = new FakeBucket();
    const to = await start(t, bucket);
    await isReady(to);
    bucket.before = down;
    to.cluster.keys = [...to.cluster.keys, newKey()];
    await to.publisher.refresh();
    const failing = () => to.publisher.status().issuers[0]?.publication?.failing;
    await until("the failure is known", () => failing() !== undefined, { everyMs: 2 });
    assert.equal(failing()?.code, "aws-unreachable");
    assert.equal(to.publisher.status().ready, true);
    for (let second = 0; second < 120; second += 1) await pass(to, 1000);
    assert.equal(to.log.of("error").filter((line) => line.includes("S3 did not answer")).length, 1);
    const count = failing()?.count ?? 0;
    assert.ok(count >= 5 && count <= 12, String(count));
    bucket.before = () => {};
    for (let second = 0; second < 61; second += 1) await pass(to, 1000);
    await until("the bucket has what it should", () => bucket.kids().length === 2, { everyMs: 2 });
    assert.equal(failing(), undefined);
    assert.ok(to.log.of("info").includes("publishing works again"));
  });

  test("puts right within a minute what somebody else overwrote or took away", async (t) => {
    const bucket = new FakeBucket();
    const to = await start(t, bucket);
    await isReady(to);
    bucket.objects.delete("jwks");
    bucket.put("discovery", "{}");
    for (let second = 0; second < 61; second += 1) await pass(to, 1000);
    await until(
      "the bucket has what it should",
      () => bucket.kids().length === 1 && bucket.objects.get("discovery")?.text !== "{}",
      { everyMs: 2 },
    );
  });

  test("distrust is in the bucket before it is answered; where that fails the answer says so", async (t) => {
    const bucket = new FakeBucket();
    const to = await start(t, bucket, { keys: [newKey(), newKey(), newKey()] });
    await isReady(to);
    const [first, second] = [kidOf(to, 0), kidOf(to, 1)];
    assert.equal((await to.publisher.distrust(first, { force: true })).published, true);
    assert.equal(bucket.kids().includes(first), false);
    bucket.before = down;
    assert.equal((await to.publisher.distrust(second, { force: true })).published, false);
    assert.ok(bucket.kids().includes(second));
    bucket.before = () => {};
    for (let waited = 0; waited < 70; waited += 1) await pass(to, 1000);
    await until("the bucket has what it should", () => !bucket.kids().includes(second), { everyMs: 2 });
  });

  test("a distrust that is taken back is public again before it is answered; where that fails the answer says so", async (t) => {
    const bucket = new FakeBucket();
    const to = await start(t, bucket, { keys: [newKey(), newKey()] });
    await isReady(to);
    const first = kidOf(to, 0);
    await to.publisher.distrust(first, { force: true });
    assert.equal((await to.publisher.restore(first)).published, true);
    assert.ok(bucket.kids().includes(first));
    await to.publisher.distrust(first, { force: true });
    bucket.before = down;
    assert.equal((await to.publisher.restore(first)).published, false);
    assert.equal(bucket.kids().includes(first), false);
    bucket.before = () => {};
    for (let waited = 0; waited < 70; waited += 1) await pass(to, 1000);
    await until("the bucket has what it should", () => bucket.kids().includes(first), { everyMs: 2 });
  });

  test("after a restart without a cluster the bucket is left alone, but distrust goes through", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "podtrust-bucket-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const clock = new TestClock();
    const bucket = new FakeBucket();
    const keys = [newKey(), newKey()];
    const before = await start(t, bucket, { keys, stateDir: folder, clock });
    await before.publisher.ready();
    await before.publisher.close(0);
    // Meanwhile another publisher took one of them out.
    const [kept, gone] = keys;
    await (await start(t, bucket, { keys, clock })).publisher.distrust(gone?.kid ?? "", { force: true });
    assert.deepEqual(bucket.kids(), [kept?.kid]);
    const steps = bucket.steps.length;
    const cluster = {
      server: "https://cluster.test:6443",
      oidcDocuments: () => Promise.reject(new PodtrustError("cluster-unreachable", "away")),
    };
    const to = await start(t, bucket, { stateDir: folder, clock, issuerOptions: { cluster } });
    await settle(20);
    assert.deepEqual(bucket.kids(), [kept?.kid]);
    assert.equal(
      bucket.steps.slice(steps).some((step) => step.startsWith("write")),
      false,
    );
    assert.match(
      to.publisher.status().unready.join(),
      /Nothing is known to be published in s3:\/\/fake yet/u,
    );
    bucket.put("jwks", JSON.stringify({ keys }), { note: bucket.objects.get("jwks")?.note });
    await to.publisher.distrust(gone?.kid ?? "", { force: true });
    assert.deepEqual(bucket.kids(), [kept?.kid]);
  });

  test("a changed cache header is brought to the bucket by a reload", async (t) => {
    const bucket = new FakeBucket();
    const to = await start(t, bucket);
    await isReady(to);
    const issuers = to.options.issuers.map((one) => ({ ...one, cacheControl: "public, max-age=300" }));
    await to.publisher.reload({ ...to.options, issuers });
    await until(
      "the bucket has what it should",
      () => bucket.objects.get("discovery")?.cacheControl === "public, max-age=300",
      { everyMs: 2 },
    );
    assert.equal(bucket.objects.get("jwks")?.cacheControl, "public, max-age=300");
  });

  test("another issuer's bucket is left alone and told, and nothing is ready", async (t) => {
    const bucket = new FakeBucket();
    const text = JSON.stringify({
      issuer: "https://other.example.test",
      jwks_uri: "https://other.example.test/jwks",
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
    });
    bucket.put("discovery", text);
    const to = await start(t, bucket);
    await until(
      "the failure is known",
      () => to.publisher.status().issuers[0]?.publication?.failing !== undefined,
      { everyMs: 2 },
    );
    assert.equal(to.publisher.status().issuers[0]?.publication?.failing?.code, "publication-foreign");
    assert.equal(to.publisher.status().ready, false);
    assert.equal(bucket.objects.get("discovery")?.text, text);
  });
});
