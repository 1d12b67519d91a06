import assert from "node:assert/strict";
import { test } from "node:test";
import { TestClock } from "../../../test/support/clock.ts";
import { MemoryLog } from "../../../test/support/publisher.ts";
import { PodtrustError } from "../../core/base/index.ts";
import { PublicationLoop } from "./loop.ts";

const minute = 60_000;
const hour = 60 * minute;

for (const [words, jump] of [
  ["stands still but for what passes", 0],
  ["jumps an hour back", -hour],
  ["jumps an hour forth", hour],
] as const) {
  test(`a failure that goes on is logged once in five minutes, when the time of day ${words}`, async () => {
    const clock = new TestClock();
    const logger = new MemoryLog();
    let passes = 0;
    const loop = new PublicationLoop({
      place: "s3://bucket",
      pass: () => {
        passes += 1;
        return Promise.reject(new PodtrustError("aws-denied", "403"));
      },
      clock,
      logger,
      changed: () => {},
    });
    loop.start();
    try {
      await clock.advance(2 * minute);
      assert.deepEqual([passes > 1, logger.of("error").length], [true, 1]);
      clock.jump(jump);
      const before = passes;
      await clock.advance(2 * minute);
      assert.deepEqual([passes > before, logger.of("error").length], [true, 1]);
      await clock.advance(2 * minute);
      assert.equal(logger.of("error").length, 2);
    } finally {
      await loop.close();
    }
  });
}
