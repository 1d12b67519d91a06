import assert from "node:assert/strict";
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fixedWaits } from "../../tools/lint/fixed-waits.ts";
import { isoTexts } from "../../tools/lint/iso-texts.ts";
import { timeOfDay } from "../../tools/lint/time-of-day.ts";
import { foundBy, linted } from "./linted.ts";

const root = join(import.meta.dirname, "../..");

/** The source of the files of an entry. */
const sourceOf = (entry: string): string =>
  globSync(entry.endsWith("/") ? `${entry}**/*.ts` : entry, { cwd: root })
    .filter((name) => !name.endsWith(".test.ts"))
    .map((name) => readFileSync(join(root, name), "utf8"))
    .join("\n");

/** No folder, in which a file that asks for nothing would hide. */
const isFile = (entry: string): boolean =>
  statSync(join(root, entry), { throwIfNoEntry: false })?.isFile() === true;

const timeAsked = /(?<!performance\.)(?<![\w$])#?now\(\)/u;

test("npm run lint fails on a wait by the time of day", () => {
  const wait = "export const late = (clock: { now(): number }, end: number): boolean => clock.now() > end;\n";
  const said = linted({
    "src/providers/host/wait.ts": wait,
    "src/operator/bindings/wait.ts": wait,
    "src/operator/bindings/prove.ts": wait,
    // Beside files that may.
    "src/providers/tls/date.ts": wait,
    "src/sandbox/date.ts": wait,
    "src/providers/tls/keeping.ts": wait,
    "src/providers/host/elapsed.ts": "export const at = (): number => performance.now();\n",
  });
  const found = said.split("\n").filter((line) => line.includes("podtrust("));
  assert.equal(found.length, 4, said);
  const late = ["providers/host/wait", "operator/bindings/wait", "providers/tls/date", "sandbox/date"];
  for (const file of late.map((name) => `src/${name}.ts`))
    assert.ok(
      found.some((line) => line.includes(`${file}:`) && line.includes("no-time-of-day")),
      said,
    );
});

test("npm run lint fails on a time of day that is asked for in any other spelling", () => {
  const clock = (body: string): string => `export const at = (clock: { now(): number }) => ${body};\n`;
  const faults = {
    "src/stack/text.ts": clock('clock["now"]()'),
    "src/stack/pattern.ts": clock("{ const { now: read } = clock; return read(); }"),
    "src/stack/inside.ts":
      "export const at = (given: { clock: { now(): number } }) => {\n  const { clock: { now: read } } = given;\n  return read;\n};\n",
    "src/stack/reference.ts": clock("clock.now"),
    "src/stack/bound.ts": "export const at = (given: { theClock: Date }) => given.theClock.now.bind(null);\n",
    "src/stack/date.ts": "export const at = () => new Date().getTime();\n",
    "src/stack/number.ts": "export const at = () => Number(new Date());\n",
    "src/stack/called-date.ts": "export const at = () => Date();\n",
    "src/stack/function.ts": "export const at = (now: () => number) => now();\n",
    "src/stack/own.ts":
      "export class At {\n  readonly #now: () => number = () => 1;\n  at() {\n    return this.#now();\n  }\n}\n",
    "src/stack/other-performance.ts":
      "export const at = (performance: { now(): number }) => performance.now();\n",
    "src/stack/optional.ts": "export const at = (clock?: { now(): number }) => clock?.now();\n",
    "packages/kms/main.mjs": "export const at = () => Date.now();\n",
  };
  const fine = {
    "src/stack/imported.ts":
      'import { performance } from "node:perf_hooks";\nexport const at = () => performance.now() + globalThis.performance.now();\n',
    "src/stack/facts.ts": "export const at = (facts: { now: number }) => new Date(facts.now);\n",
    "src/stack/elapsed.ts": "export const at = (clock: { elapsed(): number }) => clock.elapsed();\n",
  };
  assert.deepEqual(foundBy("no-time-of-day", { ...faults, ...fine }), Object.keys(faults));
});

test("npm run lint fails on a time that becomes a text by toISOString, and not by isoTime", () => {
  const text = "export const text = (ms: number): string => new Date(ms).toISOString();\n";
  const faults = {
    "src/cli/token/text.ts": text,
    "src/cli/token/member.ts": 'export const text = (date: Date): string => date["toISOString"]();\n',
    "src/core/base/other-text.ts":
      "export const text = (date: Date): string => date.toISOString().slice(0, 10);\n",
  };
  const fine = {
    "src/core/base/time-text.ts": text,
    "src/core/x509/der.ts": text,
    "src/cli/token/text.test.ts": text,
    "src/cli/token/good.ts":
      'import { isoTime } from "../../core/base/index.ts";\nexport const text = (ms: number): string => isoTime(ms);\n',
  };
  assert.deepEqual(foundBy("no-iso-text", { ...faults, ...fine }), Object.keys(faults));
});

test("npm run lint fails on a test that waits for so many milliseconds, in each of eight spellings", () => {
  const timer =
    "export const wait = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2000));\n";
  const sleep =
    'export { wait } from "./wait.ts";\nimport { setTimeout as pause } from "node:timers/promises";\n';
  const clock =
    "export const wait = (systemClock: { sleep(ms: number): Promise<void> }) => systemClock.sleep(500);\n";
  const said = linted({
    "test/cluster/timer.test.ts": timer,
    "test/support/sleep.ts": `${sleep}await pause(500);\n`,
    "src/operator/clock.test.ts": clock,
    "test/tools/host/kill.test.ts":
      'export const onStart = (kill: (signal: string) => void) => setTimeout(() => kill("SIGTERM"), 4000);\n',
    "test/cli/kill.test.ts":
      "export const end = (child: { kill(): void }) => setTimeout(() => child.kill(), 4000);\n",
    "test/cli/destroyed.ts":
      "export const end = (socket: { destroy(): void }) => setTimeout(() => socket.destroy(), 20);\n",
    "test/machine/while.ts":
      "const begun = performance.now();\nlet calls = 0;\nwhile (performance.now() - begun < 3000) calls += 1;\nexport { calls };\n",
    "test/peers/until.ts":
      'import { until } from "../support/until.ts";\nconst from = Date.now();\nawait until("three seconds have passed", () => Date.now() - from > 3000);\n',
    "test/peers/for.ts":
      "const begun = performance.now();\nlet calls = 0;\nfor (; begun + 3000 > performance.now(); ) calls += 1;\nexport { calls };\n",
    "test/peers/deadline.ts":
      "export function quiet(deadline: number, isQuiet: () => boolean): void {\n  while (performance.now() < deadline && !isQuiet());\n}\n",
    "test/hostile/timer.test.ts": timer,
    "src/operator/timer.ts": timer,
    "test/cluster/until.ts":
      "export const hurried = (systemClock: { sleep(ms: number, signal?: AbortSignal): Promise<void> }, signal: AbortSignal) =>\n  systemClock.sleep(5, signal);\n",
  });
  const found = said.split("\n").filter((line) => line.includes("podtrust("));
  assert.equal(found.length, 8, said);
  for (const file of [
    "test/cluster/timer.test.ts",
    "test/support/sleep.ts",
    "src/operator/clock.test.ts",
    "test/tools/host/kill.test.ts",
    "test/cli/kill.test.ts",
    "test/machine/while.ts",
    "test/peers/until.ts",
    "test/peers/for.ts",
  ])
    assert.ok(
      found.some((line) => line.includes(`${file}:`) && line.includes("no-fixed-wait")),
      said,
    );
});

test("every file that may wait for so many milliseconds does", () => {
  const waits =
    /"node:timers\/promises"|setTimeout\(resolve|systemClock\.sleep\(|setTimeout\(\(\) => [\w.]*kill\(/u;
  const textOf = (entry: string): string =>
    globSync(entry.endsWith("/") ? `${entry}**/*.ts` : entry, { cwd: root })
      .map((name) => readFileSync(join(root, name), "utf8"))
      .join("\n");
  assert.deepEqual(
    fixedWaits.filter((entry) => !waits.test(textOf(entry))),
    [],
  );
  assert.ok(!waits.test(textOf("test/gate/packages.test.ts")));
});

test("every file that may ask for the time of day does, and every one that may use toISOString", () => {
  const idle = (list: readonly string[], used: RegExp): readonly string[] =>
    list.filter((entry) => !used.test(sourceOf(entry)));
  assert.deepEqual(idle(timeOfDay, timeAsked), []);
  assert.deepEqual(
    timeOfDay.filter((entry) => !isFile(entry)),
    [],
  );
  assert.deepEqual(idle(isoTexts, /\.toISOString\(/u), []);
  const planted = ["src/core/base/until.ts", "src/nowhere.ts", "src/providers/tls/"];
  assert.deepEqual(idle(planted, timeAsked), planted.slice(0, 2));
  assert.deepEqual(planted.filter(isFile), planted.slice(0, 1));
});
