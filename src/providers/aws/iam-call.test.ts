import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IAMClient } from "@aws-sdk/client-iam";
import { TestClock } from "../../../test/support/clock.ts";
import { AdaptiveRate } from "./adaptive-rate.ts";
import { iamOf } from "./iam-call.ts";
import type { AwsSession } from "./session.ts";

/** A session whose calls of IAM a test answers, each sleep being over at once. */
function world(attempts = 5) {
  const clock = new TestClock();
  const waits: number[] = [];
  clock.sleep = (ms, signal) => {
    waits.push(ms);
    signal?.throwIfAborted();
    return clock.advance(ms);
  };
  const iam = () => Promise.resolve({} as IAMClient);
  const session = { clock, attempts, pace: new AdaptiveRate(clock, undefined), iam } as unknown as AwsSession;
  return { session, waits };
}

const failed = (name: string, httpStatusCode: number): Error =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
const trouble = (): Error => failed("ServiceFailure", 503);

describe("a call of IAM", () => {
  test("is tried again after growing waits while AWS fails, and gives what comes then", async () => {
    const { session, waits } = world();
    let calls = 0;
    const answer = await iamOf(session).read("reading", () => {
      calls += 1;
      return calls < 5 ? Promise.reject(trouble()) : Promise.resolve("role");
    });
    assert.equal(answer, "role");
    assert.equal(waits.length, 4);
    for (const [index, max] of [200, 400, 800, 1600].entries()) {
      const wait = waits[index] ?? 0;
      assert.ok(wait >= max / 2 && wait <= max, `${wait} ms of ${max}`);
    }
  });

  test("is tried as often as the session says, and no more", async () => {
    for (const attempts of [1, 3, 7]) {
      const { session, waits } = world(attempts);
      let calls = 0;
      await assert.rejects(
        iamOf(session).change("changing", () => {
          calls += 1;
          return Promise.reject(trouble());
        }),
        { code: "aws-unavailable" },
      );
      assert.deepEqual([calls, waits.length], [attempts, attempts - 1]);
    }
  });

  test("is tried once where another try would give the same, and not again once no caller waits for it", async () => {
    const ending = new AbortController();
    for (const [fault, signal] of [
      [() => failed("AccessDenied", 403), undefined],
      [() => (ending.abort(), trouble()), ending.signal],
    ] as const) {
      const { session, waits } = world();
      await assert.rejects(iamOf(session, signal).read("reading", () => Promise.reject(fault())));
      assert.deepEqual(waits, []);
    }
  });
});
