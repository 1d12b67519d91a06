import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { freshSeconds } from "./freshness.ts";

describe("STS's cache of the issuer's documents", () => {
  test("no-store and no-cache forbid any reuse, whatever else is said", () => {
    assert.equal(freshSeconds({ "cache-control": "no-store" }), 0);
    assert.equal(freshSeconds({ "cache-control": "public, No-Cache, max-age=600" }), 0);
    assert.equal(freshSeconds({ pragma: "no-cache" }), 0);
  });

  test("max-age counts from when the origin made the answer", () => {
    assert.equal(freshSeconds({ "cache-control": "public, max-age=60" }), 60);
    assert.equal(freshSeconds({ "cache-control": 'max-age="60"', age: "45" }), 15);
    assert.equal(freshSeconds({ "cache-control": "max-age=60", age: "90" }), 0);
  });

  test("a lifetime is bounded, and nonsense counts as stale", () => {
    assert.equal(freshSeconds({ "cache-control": "max-age=31536000" }), 3600);
    assert.equal(freshSeconds({ "cache-control": "max-age=-1" }), 0);
    assert.equal(freshSeconds({ "cache-control": "max-age=soon" }), 0);
    assert.equal(freshSeconds({ "cache-control": "max-age" }), 0);
    assert.equal(freshSeconds({ "cache-control": "max-age=10, max-age=900" }), 10);
  });

  test("a silent server's documents are kept for a minute", () => {
    assert.equal(freshSeconds({}), 60);
    assert.equal(freshSeconds({ "cache-control": "public" }), 60);
  });
});
