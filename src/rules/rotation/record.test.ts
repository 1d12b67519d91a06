import assert from "node:assert/strict";
import { test } from "node:test";
import { recordAfterLoss, type RotationRecord } from "./index.ts";

test("a record that comes back after a loss knows which keys are meant, and has every wait begin anew", () => {
  const at = 1_800_000_000_000;
  const record: RotationRecord = {
    version: 1,
    next: "next",
    before: "old",
    keys: [
      { kid: "next", everywhereSince: at },
      { kid: "old", everywhereSince: at, signsSince: at, retiredAt: at },
    ],
    quiet: [{ server: "one", count: 1, startedAt: at, since: at }],
  };
  assert.deepEqual(recordAfterLoss(record), {
    version: 1,
    next: "next",
    before: "old",
    keys: [{ kid: "next" }, { kid: "old", signsSince: at }],
    quiet: [],
  });
});
