import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { durationText, parseDuration } from "./index.ts";

describe("durations", () => {
  test("are read in their units, and nothing else is one", () => {
    assert.equal(parseDuration("24h"), 86_400_000);
    assert.equal(parseDuration("1h30m"), 5_400_000);
    assert.equal(parseDuration("500ms"), 500);
    assert.equal(parseDuration("1m500ms"), 60_500);
    assert.equal(parseDuration("7d"), 604_800_000);
    for (const bad of ["", "24", "h", "1 h", "-1h", "1.5h", "30m1h", "1h1h", "9999999h", "1w"]) {
      assert.equal(parseDuration(bad), undefined, bad);
    }
  });

  test("a duration's text reads back as the same", () => {
    fc.assert(fc.property(fc.nat(10 ** 12), (ms) => parseDuration(durationText(ms)) === ms));
    assert.equal(durationText(0), "0s");
    assert.equal(durationText(90_000), "1m30s");
  });
});
