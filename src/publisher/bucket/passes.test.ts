import assert from "node:assert/strict";
import { test } from "node:test";
import { TestClock } from "../../../test/support/clock.ts";
import { FakeBucket } from "../../../test/support/fake-bucket.ts";
import { newKey } from "../../../test/support/publisher.ts";
import { observeKeys } from "../source/keys.ts";
import { BucketPasses } from "./passes.ts";
import type { PublicationSpec } from "./publish.ts";

const hour = 3_600_000;
const keyRetention = 24 * hour;
const names = { issuer: "https://oidc.example.test", jwksUri: "https://oidc.example.test/openid/v1/jwks" };

for (const [words, jump] of [
  ["stands still but for what passes", 0],
  ["jumps an hour back", -hour],
  ["jumps an hour forth", hour],
] as const) {
  test(`marks alone are written five minutes after the last write, when the time of day ${words}`, async () => {
    const [gone, kept] = [newKey(), newKey()];
    const clock = new TestClock();
    const bucket = new FakeBucket();
    let shown = [gone, kept];
    let ring: PublicationSpec["ring"] = [];
    const spec = (): PublicationSpec => {
      const now = clock.now();
      ring = observeKeys(ring, shown, now, keyRetention).ring;
      const cacheControl = "public, max-age=60";
      return { stack: "prod", names, cacheControl, ring, now, keyRetention, confirmed: true, marksDue: true };
    };
    const passes = new BucketPasses({ target: bucket.target(), spec, clock });
    const written = async () => (await passes.pass(new AbortController().signal))?.written;
    assert.deepEqual(await written(), ["jwks", "discovery"]);
    // The set stays what it is; only the marks say that a key has vanished.
    shown = [kept];
    clock.jump(jump);
    await clock.advance(299_999);
    assert.deepEqual(await written(), []);
    await clock.advance(1);
    assert.deepEqual(await written(), ["jwks"]);
  });
}
