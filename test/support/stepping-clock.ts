import { type Clock, systemClock } from "../../src/core/base/index.ts";

/** A clock that moves on by a second each time it is read, so that a budget's time goes by with the requests alone. */
export function steppingClock(): Clock {
  const start = systemClock.now();
  let passed = 0;
  const step = (): number => (passed += 1000);
  return { ...systemClock, now: () => start + step(), elapsed: step };
}
