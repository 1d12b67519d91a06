import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Logger } from "../base/index.ts";
import { silentLogger } from "../base/index.ts";
import { settle, TestClock } from "../../test/support/clock.ts";
import type { Happening } from "./event-recorder.ts";
import { PacedEvents } from "./paced-events.ts";

const happening = (note: string): Happening => ({
  regarding: { apiVersion: "podtrust.dev/v1alpha1", kind: "AWSRoleBinding", namespace: "shop", name: "web" },
  type: "Normal",
  reason: "StsAccepted",
  action: "Reconcile",
  note,
});

/** Events that run, and the notes of those that were written. */
function running(logger: Logger = silentLogger, write?: (note: string) => Promise<void>) {
  const [written, clock, over] = [[] as string[], new TestClock(), new AbortController()];
  const events = new PacedEvents({
    recorder: {
      async record({ note }) {
        await write?.(note);
        written.push(note);
      },
    },
    clock,
    logger,
  });
  return { events, written, clock, over, run: () => events.run(over.signal) };
}

describe("Events behind the work that they tell of", () => {
  test("are written at once where there are few, in the order in which they were told", async () => {
    const { events, written, over, run } = running();
    const runs = run();
    for (const note of ["a", "b"]) events.tell(happening(note));
    await settle();
    assert.deepEqual(written, ["a", "b"]);
    events.tell(happening("c"));
    await settle();
    assert.deepEqual(written, ["a", "b", "c"]);
    over.abort();
    await runs;
  });

  test("are twenty-five at once and ten in a second where there are many, and none is lost", async () => {
    const { events, written, clock, over, run } = running();
    const runs = run();
    for (let index = 0; index < 60; index += 1) events.tell(happening(String(index)));
    await settle(100);
    assert.equal(written.length, 25);
    await clock.advance(1000);
    assert.equal(written.length, 35);
    await clock.advance(10_000);
    assert.deepEqual(
      written,
      Array.from({ length: 60 }, (_, index) => String(index)),
    );
    over.abort();
    await runs;
  });

  test("that still wait when it ends are written before it has ended", async () => {
    const { events, written, over, run } = running();
    for (let index = 0; index < 100; index += 1) events.tell(happening(String(index)));
    const runs = run();
    over.abort();
    await runs;
    assert.equal(written.length, 100);
  });

  test("that are told while one is written are not forgotten", async () => {
    const gate = Promise.withResolvers<void>();
    const { events, written, over, run } = running(silentLogger, (note) =>
      note === "slow" ? gate.promise : Promise.resolve(),
    );
    const runs = run();
    events.tell(happening("slow"));
    await settle();
    events.tell(happening("next"));
    gate.resolve();
    await settle();
    assert.deepEqual(written, ["slow", "next"]);
    over.abort();
    await runs;
  });

  test("are five thousand at the most, of which the newest are kept; how many were dropped is said", async () => {
    const lines: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (text: string) => lines.push(text) };
    const { events, written, over, run } = running(logger);
    for (let index = 0; index < 5003; index += 1) events.tell(happening(String(index)));
    over.abort();
    await run();
    assert.deepEqual([written.length, written[0]], [5000, "3"]);
    assert.deepEqual(lines, ["3 Events were not written: there were too many at once"]);
  });
});
