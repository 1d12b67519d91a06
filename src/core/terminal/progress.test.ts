import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { TestClock } from "../../../test/support/clock.ts";
import type { Host } from "./host.ts";
import { createOutput } from "./output.ts";
import { createProgress } from "./progress.ts";
import { openScreen } from "./writer.ts";

function hostOf(isTTY: boolean): { host: Host; said: () => string; clock: TestClock } {
  const clock = new TestClock("2026-11-25T12:00:00Z");
  let text = "";
  const stream = { isTTY, columns: 80, write: (more: string) => (text += more) };
  const host: Host = {
    env: { TERM: "xterm", NO_COLOR: "1" },
    cwd: "/",
    program: ["podtrust"],
    stdin: Readable.from([]),
    stdout: stream,
    stderr: stream,
    signal: new AbortController().signal,
    onHangup: () => () => {},
    pid: 1,
    uid: 1000,
    clock,
  };
  return { host, clock, said: () => text };
}

test("without a terminal a wait is plain lines: what, why and until when, once per reason", () => {
  const { host, clock, said } = hostOf(false);
  const waiting = createProgress(host, openScreen(host).err).wait({
    what: "role demo",
    reason: "IAM is eventually consistent",
    deadline: clock.elapsed() + 30_000,
  });
  waiting.update("IAM is eventually consistent");
  waiting.update("STS still refuses");
  waiting.done();
  assert.equal(
    said(),
    "waiting for role demo: IAM is eventually consistent, at most 30 s\n" +
      "waiting for role demo: STS still refuses, at most 30 s\n" +
      "done: role demo\n",
  );
  assert.throws(() => waiting.done(), TypeError);
});

test("on a terminal one line counts down and gives way to its outcome", async () => {
  const { host, clock, said } = hostOf(true);
  const waiting = createProgress(host, openScreen(host).err).wait({
    what: "x",
    reason: "y",
    deadline: clock.elapsed() + 3000,
  });
  await clock.advance(2000);
  waiting.update("z");
  waiting.failed();
  await clock.advance(5000);
  const frames = said().split("\r\u001B[K");
  assert.deepEqual(frames, [
    "",
    "waiting for x: y, at most 3 s",
    "waiting for x: y, at most 2 s",
    "waiting for x: y, at most 1 s",
    "waiting for x: z, at most 1 s",
    "failed: x: z\n",
  ]);
});

test("a wait without an end says none, and its last word may be chosen", () => {
  const { host, said } = hostOf(false);
  const progress = createProgress(host, openScreen(host).err);
  progress.line("one step");
  progress.wait({ what: "x", reason: "y" }).failed("never mind");
  assert.equal(said(), "one step\nwaiting for x: y\nfailed: never mind\n");
});

test("an output says either lines or one object", () => {
  const text = hostOf(false);
  const output = createOutput(openScreen(text.host).out, false);
  output.line("a");
  output.line();
  output.result({ a: 1 });
  assert.equal(text.said(), "a\n\n");
  const json = hostOf(false);
  const machine = createOutput(openScreen(json.host).out, true);
  machine.line("a");
  machine.result({ a: 1 });
  assert.throws(() => machine.compact({ a: 2 }), TypeError);
  machine.raw("x");
  assert.equal(json.said(), '{\n  "a": 1\n}\nx');
});
