import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { settle, TestClock } from "../../../test/support/clock.ts";
import { defined } from "./defined.ts";
import { TimeLimit } from "./time-limit.ts";

function limited(reason?: () => Error) {
  const [clock, parent] = [new TestClock(), new AbortController()];
  const limit = new TimeLimit(clock, {
    ms: 1000,
    signal: parent.signal,
    ...defined({ reason }),
  });
  return { clock, parent, limit };
}

describe("a limit of the time that work may take", () => {
  test("aborts it once the time is over, with the reason that was given, and says that it was late", async () => {
    const late = new Error("it took longer than a second");
    const { clock, limit } = limited(() => late);
    await clock.advance(999);
    assert.deepEqual([limit.signal.aborted, limit.isLate], [false, false]);
    await clock.advance(1);
    assert.deepEqual([limit.signal.reason, limit.isLate], [late, true]);
    await limit.end();
    assert.deepEqual([limit.signal.reason, limit.isLate], [late, true]);
  });

  test("aborts it with its parent, which is not being late", async () => {
    const { clock, parent, limit } = limited();
    parent.abort(new Error("the process ends"));
    await settle();
    assert.deepEqual([limit.signal.reason, limit.isLate], [parent.signal.reason, false]);
    assert.equal(clock.sleeping, 0);
    await limit.end();
  });

  test("leaves no sleep behind once the work has ended, and does not follow its parent then", async () => {
    const { clock, parent, limit } = limited();
    await limit.end();
    const reason: unknown = limit.signal.reason;
    parent.abort(new Error("the process ends"));
    assert.deepEqual([clock.sleeping, limit.isLate], [0, false]);
    assert.equal(limit.signal.reason, reason);
  });
});
