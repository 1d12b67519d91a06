import { type Clock, systemClock } from "../../../src/core/base/index.ts";
import { until as untilSo } from "../../support/until.ts";

/** Looks until it is so. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  await untilSo(what, condition, { everyMs: 20 });
}

/** A clock on which each wait is a hundredth as long: ten minutes of an outage pass in six seconds. */
export const hurriedClock: Clock = {
  ...systemClock,
  elapsed: () => systemClock.elapsed() * 100,
  sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
};
