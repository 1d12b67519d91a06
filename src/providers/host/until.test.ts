import assert from "node:assert/strict";
import { test } from "node:test";
import { SwiftClock } from "../../../test/support/swift-clock.ts";
import { defined } from "../../core/base/index.ts";
import { untilOnMachine } from "./until.ts";

interface Waited {
  readonly reasons: string[];
  readonly deadlines: number[];
}

async function waited(
  answers: readonly (string | undefined)[],
  tail?: () => Promise<string>,
): Promise<Waited> {
  const clock = new SwiftClock();
  const said: Waited = { reasons: [], deadlines: [] };
  let looks = 0;
  await untilOnMachine({
    what: "the node",
    clock,
    timeoutMs: 10_000,
    everyMs: 2000,
    work: {
      signal: new AbortController().signal,
      waiting(reason, deadline) {
        said.reasons.push(reason);
        said.deadlines.push(deadline - clock.elapsed());
      },
    },
    look() {
      looks += 1;
      return Promise.resolve(answers[Math.min(looks, answers.length) - 1]);
    },
    ...defined({ tail }),
  });
  return said;
}

test("a wait on the machine says what for, why, and until when, and ends once it happened", async () => {
  const { reasons, deadlines } = await waited(["cni not ready", "cni not ready", undefined]);
  assert.deepEqual(reasons, ["the node: cni not ready", "the node: cni not ready"]);
  assert.ok(
    deadlines.every((left) => left > 0 && left <= 10_000),
    deadlines.join(),
  );
});

test("a wait that fails ends with the last reason and the end of the log", async () => {
  const tail = (): Promise<string> => Promise.resolve("level=error msg=one\nlevel=fatal msg=two\n");
  await assert.rejects(waited(["not ready"], tail), {
    code: "host-wait-missed",
    message:
      /^the node: not within 10 s; last: not ready\. The end of its log:\n {2}level=error msg=one\n {2}level=fatal msg=two$/u,
  });
});

test("a log that cannot be had does not hide what was waited for", async () => {
  const tail = (): Promise<string> => Promise.reject(new Error("no log"));
  await assert.rejects(waited(["not ready"], tail), {
    message: "the node: not within 10 s; last: not ready",
  });
});
