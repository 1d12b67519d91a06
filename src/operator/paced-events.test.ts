import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Logger } from "../core/base/index.ts";
import { silentLogger } from "../core/base/index.ts";
import { settle, TestClock } from "../../test/support/clock.ts";
import type { NewEvent } from "../providers/kubernetes/index.ts";
import { PacedEvents } from "./paced-events.ts";

const happening = (note: string, namespace = "shop"): NewEvent => ({
  regarding: { apiVersion: "podtrust.dev/v1alpha1", kind: "AWSRoleBinding", namespace, name: "web" },
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

describe("Events written behind the work that they report", () => {
  test("are written at once where there are few, in the order in which they were recorded", async () => {
    const { events, written, over, run } = running();
    const runs = run();
    for (const note of ["a", "b"]) void events.record(happening(note));
    await settle();
    assert.deepEqual(written, ["a", "b"]);
    void events.record(happening("c"));
    await settle();
    assert.deepEqual(written, ["a", "b", "c"]);
    over.abort();
    await runs;
  });

  test("are twenty-five at once and ten in a second where there are many, and none is lost", async () => {
    const { events, written, clock, over, run } = running();
    const runs = run();
    for (let index = 0; index < 60; index += 1) void events.record(happening(String(index)));
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
    for (let index = 0; index < 100; index += 1) void events.record(happening(String(index)));
    const runs = run();
    over.abort();
    await runs;
    assert.equal(written.length, 100);
  });

  test("that are recorded while one is written are not forgotten", async () => {
    const gate = Promise.withResolvers<void>();
    const { events, written, over, run } = running(silentLogger, (note) =>
      note === "slow" ? gate.promise : Promise.resolve(),
    );
    const runs = run();
    void events.record(happening("slow"));
    await settle();
    void events.record(happening("next"));
    gate.resolve();
    await settle();
    assert.deepEqual(written, ["slow", "next"]);
    over.abort();
    await runs;
  });

  test("are written for each namespace in turn, so that one with thousands delays no other's", async () => {
    const { events, written, over, run } = running();
    for (let index = 0; index < 100; index += 1) void events.record(happening(`many ${index}`, "many"));
    void events.record(happening("few", "few"));
    const runs = run();
    await settle(100);
    assert.deepEqual(written.slice(0, 3), ["many 0", "few", "many 1"]);
    over.abort();
    await runs;
  });

  test("are written before their caller continues where they are Warnings, whatever waits", async () => {
    const { events, written } = running();
    void events.record(happening("waits"));
    await events.record({ ...happening("kept"), type: "Warning" });
    assert.deepEqual(written, ["kept"]);
  });

  test("say when it happened, not when they were written", async () => {
    const times: unknown[] = [];
    const [clock, over] = [new TestClock("2026-11-25T00:00:00Z"), new AbortController()];
    const recorder = { record: ({ at }: NewEvent) => Promise.resolve(void times.push(at)) };
    const events = new PacedEvents({ recorder, clock, logger: silentLogger });
    for (let index = 0; index < 26; index += 1) void events.record(happening(String(index)));
    const runs = events.run(over.signal);
    await clock.advance(5000);
    assert.deepEqual(new Set(times), new Set([Date.parse("2026-11-25T00:00:00Z")]));
    assert.equal(times.length, 26);
    over.abort();
    await runs;
  });

  test("are five thousand at the most that wait; that others are left out is said once", async () => {
    const lines: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (text: string) => lines.push(text) };
    const { events, written, over, run } = running(logger);
    for (let index = 0; index < 5003; index += 1) void events.record(happening(String(index)));
    over.abort();
    await run();
    assert.deepEqual([written.length, written.at(-1)], [5000, "4999"]);
    assert.deepEqual(lines, ["5000 Events wait to be written: others of the type Normal are left out"]);
  });
});
