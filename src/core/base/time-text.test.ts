import assert from "node:assert/strict";
import { test } from "node:test";
import { isoSeconds, isoTime } from "./index.ts";

test("a time is written in UTC, to the millisecond or to the second", () => {
  assert.equal(isoTime(1_764_032_523_456), "2025-11-25T01:02:03.456Z");
  assert.equal(isoSeconds(1_764_032_523_456), "2025-11-25T01:02:03Z");
  assert.equal(isoSeconds(1_764_032_523_999), "2025-11-25T01:02:03Z");
  assert.equal(isoTime(0), "1970-01-01T00:00:00.000Z");
  assert.equal(isoSeconds(0), "1970-01-01T00:00:00Z");
});
