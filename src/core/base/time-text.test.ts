import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { durationText, isoBasic, isoDay, isoSeconds, isoTime, lengthText, parseDuration } from "./index.ts";

test("a time is written in UTC, to the millisecond or to the second", () => {
  assert.equal(isoTime(1_764_032_523_456), "2025-11-25T01:02:03.456Z");
  assert.equal(isoSeconds(1_764_032_523_456), "2025-11-25T01:02:03Z");
  assert.equal(isoSeconds(1_764_032_523_999), "2025-11-25T01:02:03Z");
  assert.equal(isoTime(0), "1970-01-01T00:00:00.000Z");
  assert.equal(isoSeconds(0), "1970-01-01T00:00:00Z");
  assert.equal(isoDay(1_764_032_523_999), "2025-11-25");
  assert.equal(isoBasic(1_764_032_523_999), "20251125T010203Z");
});

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

test("a length of time is reported in the largest unit that says enough, and never rounded up", () => {
  const seconds = [-5, 0, 1, 1.9, 119, 120, 7199, 7200, 172_799, 172_800];
  assert.deepEqual(
    seconds.map((one) => lengthText(one * 1000)),
    [
      "0 seconds",
      "0 seconds",
      "1 second",
      "1 second",
      "119 seconds",
      "2 minutes",
      "119 minutes",
      "2 hours",
      "47 hours",
      "2 days",
    ],
  );
});
