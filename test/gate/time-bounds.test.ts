/** A test waits for states and bounds no real time, whatever its waits and bounds are written as. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { measuresTime } from "../../tools/lint/time-bounds.ts";
import { foundBy } from "./linted.ts";

test("npm run lint fails on a wait for so many milliseconds in each of thirteen more spellings", () => {
  const promise = (executor: string): string => `export const wait = () => new Promise<void>(${executor});\n`;
  const faults = {
    "test/cli/block.ts": promise("(r) => { setTimeout(r, 2000); }"),
    "test/cli/function.ts": promise("function (done) { setTimeout(done, 2000); }"),
    "test/cli/named.ts": promise("(r) => { const timer = setTimeout(() => r(), 2000); timer.unref(); }"),
    "test/cli/global.ts": promise("(r) => globalThis.setTimeout(() => { r(); }, 2000)"),
    "test/cli/namespace.ts":
      'import * as timers from "node:timers/promises";\nawait timers.setTimeout(500);\n',
    "test/cli/default.ts": 'import timers from "node:timers/promises";\nawait timers.setTimeout(500);\n',
    "test/cli/scheduler.ts":
      'import { scheduler } from "node:timers/promises";\nawait scheduler.wait(500);\n',
    "test/cli/promises.ts": 'import { promises } from "node:timers";\nawait promises.setTimeout(500);\n',
    "test/cli/on-demand.ts":
      'const { setTimeout: wait } = await import("node:timers/promises");\nawait wait(500);\n',
    "test/cli/promisified.ts":
      'import { promisify } from "node:util";\nexport const wait = promisify(setTimeout);\n',
    "test/cli/other-name.ts":
      'import { systemClock as clock } from "../../src/core/base/index.ts";\nawait clock.sleep(500);\n',
    "test/cli/alias.ts":
      'import { systemClock } from "../../src/core/base/index.ts";\nconst clock = systemClock;\nawait clock.sleep(500);\n',
    "test/cli/taken.ts":
      'import { systemClock } from "../../src/core/base/index.ts";\nconst { sleep } = systemClock;\nawait sleep(500);\n',
  };
  const fine = {
    "test/cli/tick.ts": 'import { setImmediate as tick } from "node:timers/promises";\nawait tick();\n',
    "test/cli/deadline.ts":
      'export const ended = (child: NodeJS.EventEmitter) => new Promise<void>((resolve, reject) => {\n  const late = setTimeout(reject, 60_000);\n  child.once("exit", () => {\n    clearTimeout(late);\n    resolve();\n  });\n});\n',
    "test/cli/grace.ts":
      'export const ended = (child: NodeJS.EventEmitter) => new Promise<unknown>((resolve) => {\n  setTimeout(resolve, 60_000);\n  child.once("exit", resolve);\n});\n',
    "test/cli/moved.ts":
      'import { TestClock } from "../support/clock.ts";\nconst clock = new TestClock(0);\nawait clock.sleep(500);\n',
    "test/hostile/block.ts": promise("(r) => { setTimeout(r, 2000); }"),
  };
  assert.deepEqual(foundBy("no-fixed-wait", { ...faults, ...fine }), Object.keys(faults));
});

test("npm run lint fails on an upper bound of real time, and not on one from below or of processor time", () => {
  const measured = (ending: string): string =>
    `import assert from "node:assert/strict";\nconst begun = performance.now();\nconst took = (performance.now() - begun) / 1000;\n${ending}\nexport { begun, took };\n`;
  const faults = {
    "test/cli/at-once.ts": measured("assert.ok(performance.now() - begun < 2000);"),
    "src/cli/date.test.ts": measured(
      "const from = Date.now();\nassert.ok(Date.now() - from <= 2000, `late`);",
    ),
    "test/cli/variable.ts": measured("assert.ok(took < 2);"),
    "test/cli/turned.ts": measured("assert(2 > took);"),
    "test/cli/between.ts": measured("assert.ok(took > 1 && took < 2);"),
    "test/cli/equal.ts": measured("assert.equal(took < 2, true);"),
    "test/cli/elapsed.ts":
      'import assert from "node:assert/strict";\nimport { systemClock } from "../../src/core/base/index.ts";\nconst from = systemClock.elapsed();\nassert.ok(systemClock.elapsed() - from < 9);\n',
  };
  const fine = {
    "test/cli/below.ts": measured("assert.ok(took >= 2);"),
    "test/cli/later.ts": measured("assert.ok(begun <= performance.now());"),
    "test/cli/processor.ts":
      'import assert from "node:assert/strict";\nimport { ownTime } from "../support/processor-time.ts";\nconst took = await ownTime(() => 1);\nassert.ok(took < 2000);\n',
    "test/cli/test-clock.ts":
      'import assert from "node:assert/strict";\nimport { TestClock } from "../support/clock.ts";\nconst clock = new TestClock(0);\nassert.ok(clock.elapsed() - 5000 <= 10);\n',
    "test/cluster/signer/absence.test.ts": measured("assert.ok(took < 60);"),
  };
  assert.deepEqual(foundBy("no-time-bound", { ...faults, ...fine }), Object.keys(faults));
});

test("every file that may bound real time from above asks a clock and compares", () => {
  const bounds = /(?:performance|Date|systemClock)\.(?:now|elapsed)\(\)[^]*assert\.ok\([^;]*<=? /u;
  const idle = (list: readonly string[]): readonly string[] =>
    list.filter((file) => !bounds.test(readFileSync(join(import.meta.dirname, "../..", file), "utf8")));
  assert.deepEqual(idle(measuresTime), []);
  assert.deepEqual(idle(["test/gate/packages.test.ts"]), ["test/gate/packages.test.ts"]);
});
