import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../../src/core/base/index.ts";

/** Looks until it is so; a minute is more than anything here takes, on a busy machine too. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `it did not come to this: ${what}`);
    await systemClock.sleep(20);
  }
}

/** A clock on which each wait is a hundredth as long: ten minutes of an outage pass in six seconds. */
export const hurriedClock: Clock = {
  ...systemClock,
  elapsed: () => systemClock.elapsed() * 100,
  sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
};
