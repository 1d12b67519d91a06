import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";

const files = globSync("src/{cli,core/command-line,core/terminal,sandbox/cli}/**/*.ts", {
  exclude: ["src/**/*.test.ts"],
});
const holding = (form: RegExp): readonly string[] =>
  files.filter((file) => form.test(readFileSync(file, "utf8"))).sort();

test("only a program's first file has the process, and hands it to runProcess", () => {
  assert.ok(files.length > 50, String(files.length));
  assert.deepEqual(holding(/\bprocess\??(?:\.[a-z]|\[)|\bconsole\.|"node:process"/u), []);
  assert.deepEqual(holding(/\bprocess[,)]/u), [
    "src/cli/kubectl-plugin/complete.ts",
    "src/cli/main.ts",
    "src/cli/publisher-program/main.ts",
    "src/cli/single-program/main.ts",
    "src/sandbox/cli/main.ts",
  ]);
});

test("only the terminal's writer writes to a stream, and only it and the looks of text know escape sequences", () => {
  assert.deepEqual(holding(/\.write\(/u), ["src/core/terminal/writer.ts"]);
  assert.deepEqual(holding(/\\u001b|\\x1b|\\e\[/iu), [
    "src/core/terminal/text.ts",
    "src/core/terminal/writer.ts",
  ]);
});

test("only the shell on a machine and kubectl are given the terminal itself", () => {
  assert.deepEqual(holding(/node:child_process/u), ["src/cli/child.ts"]);
  assert.deepEqual(holding(/\brunOnTerminal\(context/u), [
    "src/cli/kubectl/command.ts",
    "src/cli/ssh/command.ts",
  ]);
});
