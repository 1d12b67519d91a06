import assert from "node:assert/strict";
import { test } from "node:test";
import { TestClock } from "../../../test/support/clock.ts";
import { openLogger } from "./log.ts";
import { openScreen } from "./writer.ts";

function hostOf(isTTY: boolean, env: Readonly<Record<string, string>> = {}) {
  let text = "";
  const stream = { isTTY, columns: 200, write: (more: string) => (text += more) };
  const clock = new TestClock("2026-11-25T12:00:00Z");
  const host = { env: { TERM: "xterm", NO_COLOR: "1", ...env }, stdout: stream, stderr: stream, clock };
  return { host, said: () => text };
}

test("log lines are JSON for pipes and words for a terminal, never with a secret", () => {
  const pipe = hostOf(false);
  const log = openLogger(pipe.host, openScreen(pipe.host).err, "info");
  log.debug("not said");
  log.info("hello", { issuer: "https://a.example", token: "eyJ" });
  log.child({ stack: "prod" }).warn("careful", { inner: { password: "x" } });
  log.error("bad");
  const lines = pipe
    .said()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(lines[0], {
    level: "info",
    time: "2026-11-25T12:00:00.000Z",
    issuer: "https://a.example",
    token: "[left out]",
    msg: "hello",
  });
  assert.deepEqual(
    [lines[1]?.["stack"], lines[1]?.["inner"], lines[2]?.["level"]],
    ["prod", { password: "[left out]" }, "error"],
  );
  const terminal = hostOf(true);
  openLogger(terminal.host, openScreen(terminal.host).err, "debug").debug("hello", {
    n: 1,
    words: "a b",
    url: "https://a/b",
  });
  assert.equal(terminal.said(), '12:00:00 debug hello  n=1  words="a b"  url=https://a/b\n');
});

test("a log line of JSON has level, time, the child's fields, its own and the message, in this order", () => {
  const { host, said } = hostOf(false);
  const log = openLogger(host, openScreen(host).err, "info").child({ stack: "prod", n: 1 });
  log.child({ more: [1] }).info("a\nb", { n: 2, level: "x", time: "y", msg: "z", gone: undefined });
  assert.equal(
    said(),
    '{"level":"info","time":"2026-11-25T12:00:00.000Z","stack":"prod","n":2,"more":[1],"msg":"a\\nb"}\n',
  );
});

test("a log line says nothing below its level, at every level", () => {
  for (const [index, level] of (["debug", "info", "warn", "error"] as const).entries()) {
    const { host, said } = hostOf(false);
    const log = openLogger(host, openScreen(host).err, level);
    for (const own of ["debug", "info", "warn", "error"] as const) log[own](own);
    assert.equal(said().split("\n").length - 1, 4 - index, level);
  }
});

test("a log line leaves secrets out at any depth, in JSON and on a terminal", () => {
  const fields = { deep: [{ er: { password: "hunter2" } }], authorization: "hunter2", token: undefined };
  for (const isTTY of [false, true]) {
    const { host, said } = hostOf(isTTY);
    const log = openLogger(host, openScreen(host).err, "info");
    log.child({ privateKey: "hunter2" }).info("a", fields);
    assert.doesNotMatch(said(), /hunter2/u);
    assert.equal(said().match(/\[left out\]/gu)?.length, 3);
  }
});

test("a log line is written whatever its fields hold: circles, big numbers, functions and getters that throw", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  const fields = {
    circle,
    big: 2n ** 70n,
    call: () => 1,
    get bad(): object {
      return {
        get value() {
          throw new Error("never");
        },
      };
    },
    none: NaN,
    date: new Date(0),
  };
  const { host, said } = hostOf(false);
  openLogger(host, openScreen(host).err, "info").info("a", fields);
  assert.deepEqual(JSON.parse(said()), {
    level: "info",
    time: "2026-11-25T12:00:00.000Z",
    circle: "[cannot be shown]",
    big: "1180591620717411303424",
    bad: "[cannot be shown]",
    none: null,
    date: "1970-01-01T00:00:00.000Z",
    msg: "a",
  });
});

test("a log line commands no terminal, in JSON and in words, wherever its parts come from", () => {
  const escape = "\u001b[2J\u202e";
  for (const isTTY of [false, true]) {
    const { host, said } = hostOf(isTTY);
    openLogger(host, openScreen(host).err, "info").info(escape, { [escape]: escape });
    assert.ok(!said().includes("\u001b") && !said().includes("\u202e"), said());
    if (!isTTY) assert.equal((JSON.parse(said()) as Record<string, unknown>)[escape], escape);
  }
});

test("a log line on a terminal is JSON where PODTRUST_LOG asks for it, and has the message's further lines else", () => {
  const json = hostOf(true, { PODTRUST_LOG: "json" });
  openLogger(json.host, openScreen(json.host).err, "info").info("a");
  assert.equal(json.said(), '{"level":"info","time":"2026-11-25T12:00:00.000Z","msg":"a"}\n');
  const words = hostOf(true);
  openLogger(words.host, openScreen(words.host).err, "info").warn("a\nb", { n: 1 });
  assert.equal(words.said(), "12:00:00 warn  a\n    b  n=1\n");
});
