import assert from "node:assert/strict";
import { test } from "node:test";
import { lengthText } from "./index.ts";

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
