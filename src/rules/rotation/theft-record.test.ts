import assert from "node:assert/strict";
import { test } from "node:test";
import { minute, start } from "../../../test/support/rotation-facts.ts";
import { recordedTheft, theftProgress, type TheftProgress } from "./index.ts";

const begun: TheftProgress = {
  stolen: "old",
  way: "at-once",
  tainted: [{ kid: "old", why: "stolen" }],
  servers: {},
};
const ended: TheftProgress = {
  ...begun,
  fresh: "new",
  publishedAt: start,
  servers: { "cp-1": "tokens" },
  endedAt: start,
};
const at = (time: number) => ({ now: time, times: new Map([["cp-1", time]]) });

test("an answer to a theft is read back as it was written, by the servers' own clocks", () => {
  for (const progress of [begun, ended]) {
    const recorded = recordedTheft(progress, at(start).times);
    assert.deepEqual(theftProgress("old", recorded, at(start + minute)), progress);
  }
});

test("what has ended by a clock that was set back since has ended all the same", () => {
  const recorded = recordedTheft(ended, at(start).times);
  const back = at(start - 10 * minute);
  const { endedAt, publishedAt } = theftProgress("old", recorded, back);
  assert.deepEqual([endedAt, publishedAt], [back.now, back.now]);
});
