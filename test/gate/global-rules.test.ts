/** Rules about a global hold for every spelling: by a text, out of a pattern, through `globalThis`, under another name. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { shortLived } from "../../tools/lint/abort-signals.ts";
import { ownProcess } from "../../tools/lint/process-streams.ts";
import { foundBy } from "./linted.ts";

const anyOf = (text: string): string => `export const both = (all: AbortSignal[]) => ${text};\n`;

test("npm run lint fails on AbortSignal.any in what runs for long, in each of seven spellings and in packages/", () => {
  const faults = {
    "src/publisher/member.ts": anyOf("AbortSignal.any(all)"),
    "src/publisher/text.ts": anyOf('AbortSignal["any"](all)'),
    "src/publisher/template.ts": anyOf("AbortSignal[`any`](all)"),
    "src/publisher/pattern.ts": `const { any } = AbortSignal;\n${anyOf("any(all)")}`,
    "src/publisher/rest.ts": `const { timeout, ...more } = AbortSignal;\n${anyOf("[more, timeout, all]")}`,
    "src/publisher/global.ts": anyOf("globalThis.AbortSignal.any(all)"),
    "src/publisher/alias.ts": `const Signals = AbortSignal;\n${anyOf("Signals.any(all)")}`,
    "src/demo/both.ts": anyOf("AbortSignal.any(all)"),
    "packages/kms/main.mjs": "export const both = (all) => AbortSignal.any(all);\n",
  };
  const fine = {
    "src/demo/rotating.ts": anyOf("AbortSignal.any(all)"),
    "src/publisher/other.ts": anyOf(
      "all.some((one) => one instanceof AbortSignal && one !== AbortSignal.abort())",
    ),
    "src/publisher/own.ts":
      "export const both = (AbortSignal: { any(all: unknown): unknown }) => AbortSignal.any([]);\n",
  };
  assert.deepEqual(foundBy("no-abort-signal-any", { ...faults, ...fine }), Object.keys(faults));
});

test("npm run lint fails on arguments, streams and exit code away from a program's first file, in each of ten spellings", () => {
  const faults = {
    "src/providers/hetzner/argv.ts": "export const word = process.argv[2];\n",
    "src/providers/hetzner/stdout.ts": 'process.stdout.write("x");\nexport {};\n',
    "src/core/terminal/exit-code.ts": 'import process from "node:process";\nprocess.exitCode = 3;\n',
    "src/cli/up/text.ts": 'export const input = process["stdin"];\n',
    "src/cli/up/pattern.ts": "const { pid, stderr: out } = process;\nexport { out, pid };\n",
    "src/cli/up/global.ts": "export const end = () => globalThis.process.exit(2);\n",
    "src/cli/up/named.ts": 'import { argv as words } from "node:process";\nexport const all = words;\n',
    "src/cli/up/other-name.ts": 'import * as own from "node:process";\nexport const all = own.argv;\n',
    "src/cli/up/handed-on.ts": "export const run = (start: (own: object) => void) => start(process);\n",
    "src/cli/up/on-demand.ts": 'export const own = await import("node:process");\n',
    "packages/other/main.mjs": "process.exitCode = 1;\n",
  };
  const fine = {
    "src/cli/main.ts": "export const run = (start: (own: object) => void) => start(process);\n",
    "src/core/files/user.ts":
      'import process from "node:process";\nexport const user = [process.getuid?.(), typeof process];\n',
    "src/core/terminal/given.ts":
      "export const words = (process: { argv: string[] }): string[] => process.argv;\n",
    "src/cli/up/own.test.ts": "export const word = process.argv[2];\n",
  };
  assert.deepEqual(foundBy("no-process-streams", { ...faults, ...fine }), Object.keys(faults));
});

const idle = (list: readonly string[], used: RegExp): readonly string[] =>
  list.filter((file) => !used.test(readFileSync(join(import.meta.dirname, "../..", file), "utf8")));

test("every file that may use AbortSignal.any or a program's process does", () => {
  const handsOn = /\(process,|\bprocess\.(?:argv|stdin|stdout|stderr|exitCode)\b/u;
  assert.deepEqual(idle(shortLived, /AbortSignal\.any/u), []);
  assert.deepEqual(idle(ownProcess, handsOn), []);
  assert.deepEqual(idle(["src/cli/main.ts", "src/core/terminal/entry.ts"], handsOn), [
    "src/core/terminal/entry.ts",
  ]);
});
