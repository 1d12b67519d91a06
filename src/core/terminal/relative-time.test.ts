import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { relativeTime } from "./relative-time.ts";

const cases: readonly (readonly [seconds: number, words: string])[] = [
  [0, "now"],
  [0.9, "now"],
  [1, "in 1 second"],
  [-59, "59 seconds ago"],
  [60, "in 1 minute"],
  [3599, "in 59 minutes"],
  [-3600, "1 hour ago"],
  [86_399, "in 23 hours"],
  [-200_000, "2 days ago"],
];

describe("a time relative to now", () => {
  test("a time is said in its largest unit and never rounded up", () => {
    const now = 1_764_000_000_000;
    for (const [seconds, words] of cases) assert.equal(relativeTime(now + seconds * 1000, now), words);
  });
});
