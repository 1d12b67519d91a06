/** A short command is one file: its words, its examples and what it does are read together. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";

/** Lines that a command, its examples and its run may have together and be one file. */
const maxTogether = 150;

/** Commands in two files that would be one, whichever of a folder's runs is beside it: `FOLDER: 138 lines with run.ts`. */
function dividedCommands(lines: ReadonlyMap<string, number>): readonly string[] {
  return [...lines].flatMap(([file, run]) => {
    const command = lines.get(join(dirname(file), "command.ts"));
    if (file.endsWith("/command.ts") || command === undefined || command + run > maxTogether) return [];
    return [`${dirname(file)}: ${command + run} lines with ${basename(file)}`];
  });
}

test("a command that has up to 150 lines together with its run is one file", () => {
  const lines = globSync("src/**/{command,run,run-*}.ts").map(
    (file) => [file, readFileSync(file, "utf8").split("\n").length - 1] as const,
  );
  const commands = lines.filter(([file]) => file.endsWith("/command.ts"));
  assert.ok(commands.length > 30, `${commands.length} commands: a walk that finds so few has not seen them`);
  const runs = lines.filter(([file]) => basename(file).startsWith("run-"));
  assert.ok(runs.length > 10, `${runs.length} runs of a command among several`);
  assert.deepEqual(dividedCommands(new Map(lines)), []);
});

test("a short command in two files is told from one file, from a long one and from a run of no command", () => {
  const lines = {
    "src/cli/short/command.ts": 31,
    "src/cli/short/run.ts": 119,
    "src/cli/long/command.ts": 31,
    "src/cli/long/run.ts": 120,
    "src/cli/some/command.ts": 90,
    "src/cli/some/run-one.ts": 60,
    "src/cli/some/run-other.ts": 61,
    "src/cli/one/command.ts": 40,
    "src/cli/none/run.ts": 20,
  };
  assert.deepEqual(dividedCommands(new Map(Object.entries(lines))), [
    "src/cli/short: 150 lines with run.ts",
    "src/cli/some: 150 lines with run-one.ts",
  ]);
});
