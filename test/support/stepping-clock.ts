import { type Clock, systemClock } from "../../src/core/base/index.ts";

/** A clock that moves on by a second each time it is read, so that a budget's time goes by with the requests alone. */
export function steppingClock(): Clock {
  let at = systemClock.now();
  return { ...systemClock, now: () => (at += 1000) };
}
