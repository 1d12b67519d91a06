import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeBucket } from "../../../test/support/fake-bucket.ts";
import { newKey } from "../../../test/support/publisher.ts";
import { PodtrustError, systemClock } from "../../core/base/index.ts";
import { renderDiscovery } from "../../rules/oidc/index.ts";
import { type PublicJwk, renderJwkSet } from "../../rules/keys/index.ts";
import { observeKeys } from "../source/keys.ts";
import { type PublicationSpec, publishTo } from "./publish.ts";

const day = 86_400_000;
const names = { issuer: "https://oidc.example.test", jwksUri: "https://oidc.example.test/openid/v1/jwks" };
const keys: readonly PublicJwk[] = [newKey(), newKey(), newKey("RSA")];
const [a = newKey(), b = newKey(), rsa = newKey()] = keys;

const spec = (shown: readonly PublicJwk[], change: Partial<PublicationSpec> = {}): PublicationSpec => ({
  stack: "prod",
  names,
  cacheControl: "public, max-age=60",
  ring: observeKeys([], shown, 1000, day).ring,
  now: 1000,
  keyRetention: day,
  confirmed: true,
  marksDue: true,
  ...change,
});

const publish = (bucket: FakeBucket, specified: PublicationSpec) =>
  publishTo(() => specified, { target: bucket.target(), clock: systemClock });

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof PodtrustError, String(error));
    return error.code;
  }
  return "none";
}

describe("publishing to a bucket", () => {
  test("the JWK Set is written before the discovery document, with types and cache header", async () => {
    const bucket = new FakeBucket();
    const outcome = await publish(bucket, spec([a]));
    assert.deepEqual(outcome.written, ["jwks", "discovery"]);
    assert.deepEqual(bucket.steps, ["read discovery", "read jwks", "write jwks", "write discovery"]);
    assert.equal(bucket.objects.get("jwks")?.mediaType, "application/jwk-set+json");
    assert.equal(bucket.objects.get("discovery")?.mediaType, "application/json");
    for (const { cacheControl } of bucket.objects.values()) assert.equal(cacheControl, "public, max-age=60");
  });

  test("publishing a second time writes nothing", async () => {
    const bucket = new FakeBucket();
    await publish(bucket, spec([a]));
    bucket.steps.length = 0;
    assert.deepEqual((await publish(bucket, spec([a]))).written, []);
    assert.deepEqual(bucket.steps, ["read discovery", "read jwks"]);
  });

  test("an algorithm that is new is in the set before the discovery document names it", async () => {
    const bucket = new FakeBucket();
    await publish(bucket, spec([a]));
    bucket.before = (step) => {
      if (step !== "write discovery") return;
      assert.ok(bucket.kids().includes(rsa.kid));
      assert.doesNotMatch(bucket.objects.get("discovery")?.text ?? "", /RS256/u);
    };
    await publish(bucket, spec([a, rsa]));
    assert.match(bucket.objects.get("discovery")?.text ?? "", /RS256/u);
  });

  test("a cache header that changed is brought there, a foreign content type is corrected", async () => {
    const bucket = new FakeBucket();
    bucket.put("jwks", renderJwkSet([a]), { mediaType: "binary/octet-stream" });
    await publish(bucket, spec([a]));
    assert.equal(bucket.objects.get("jwks")?.mediaType, "application/jwk-set+json");
    const outcome = await publish(bucket, spec([a], { cacheControl: "public, max-age=300" }));
    assert.deepEqual(outcome.written, ["jwks", "discovery"]);
  });

  test("a publisher that writes between our reading and writing is read again, and keeps its key", async () => {
    const bucket = new FakeBucket();
    await publish(bucket, spec([a]));
    let once = true;
    bucket.before = async (step) => {
      if (step !== "write jwks" || !once) return;
      once = false;
      await publish(bucket, spec([b], { stack: "blue" }));
    };
    const outcome = await publish(bucket, spec([a, rsa]));
    assert.equal(outcome.conflicts, 1);
    assert.deepEqual(bucket.kids(), [a, b, rsa].map(({ kid }) => kid).sort());
  });

  test("twenty publishers at once lose no key", async () => {
    const bucket = new FakeBucket();
    const many = Array.from({ length: 20 }, () => newKey());
    await Promise.all(many.map((key, index) => publish(bucket, spec([key], { stack: `s${index}` }))));
    assert.deepEqual(bucket.kids(), many.map(({ kid }) => kid).sort());
  });

  test("an object that is deleted under the writer's hands is made again", async () => {
    const bucket = new FakeBucket();
    await publish(bucket, spec([a]));
    let once = true;
    bucket.before = (step) => {
      if (step === "write jwks" && once) {
        once = false;
        bucket.objects.delete("jwks");
      }
    };
    await publish(bucket, spec([a, b]));
    assert.deepEqual(bucket.kids(), [a, b].map(({ kid }) => kid).sort());
  });

  test("another issuer's documents are not touched", async () => {
    const bucket = new FakeBucket();
    const issuer = "https://other.example.test";
    bucket.put("discovery", renderDiscovery({ issuer, jwksUri: `${issuer}/jwks`, algorithms: ["ES256"] }));
    assert.equal(await codeOf(publish(bucket, spec([a]))), "publication-foreign");
    assert.equal(bucket.objects.has("jwks"), false);
  });

  test("an object that is no document is replaced, and that is said", async () => {
    const bucket = new FakeBucket();
    bucket.put("discovery", "<html>");
    bucket.put("jwks", "{");
    const { warnings } = await publish(bucket, spec([a]));
    assert.equal(warnings.length, 2);
    assert.deepEqual(bucket.kids(), [a.kid]);
  });

  test("an empty set is never written", async () => {
    const bucket = new FakeBucket();
    await publish(bucket, spec([a]));
    const ring = observeKeys([], [a], 0, day).ring.map((key) => ({ ...key, distrustedAt: 1 }));
    assert.equal(await codeOf(publish(bucket, spec([a], { ring }))), "publication-empty");
    assert.deepEqual(bucket.kids(), [a.kid]);
  });

  test("marks alone wait until they are due, distrust does not", async () => {
    const bucket = new FakeBucket();
    await publish(bucket, spec([a, b]));
    assert.deepEqual((await publish(bucket, spec([a], { marksDue: false }))).written, []);
    assert.deepEqual((await publish(bucket, spec([a]))).written, ["jwks"]);
    const ring = observeKeys([], [a, b, rsa], 0, day).ring.map((key) =>
      key.jwk.kid === rsa.kid ? { ...key, distrustedAt: 1 } : key,
    );
    assert.deepEqual((await publish(bucket, spec([], { ring, marksDue: false }))).written, ["jwks"]);
  });

  test("an error of the bucket is thrown as it is, and the set is written before the document that fails", async () => {
    const bucket = new FakeBucket();
    bucket.before = (step) => {
      if (step === "write discovery") throw new PodtrustError("aws-unavailable", "S3 is in trouble");
    };
    assert.equal(await codeOf(publish(bucket, spec([a]))), "aws-unavailable");
    assert.deepEqual(bucket.kids(), [a.kid]);
    bucket.before = () => {};
    assert.deepEqual((await publish(bucket, spec([a]))).written, ["discovery"]);
  });
});
