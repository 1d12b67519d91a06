/** A short command is one file: its words, its examples and what it does are read together. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

/** Lines that a command, its examples and its run may have together and be one file. */
const maxTogether = 150;

/** Commands in two files that would be one: `FOLDER: 138 lines`. */
function dividedCommands(lines: ReadonlyMap<string, number>): readonly string[] {
  return [...lines].flatMap(([file, count]) => {
    const run = lines.get(join(dirname(file), "run.ts"));
    if (!file.endsWith("/command.ts") || run === undefined || count + run > maxTogether) return [];
    return [`${dirname(file)}: ${count + run} lines`];
  });
}

test("a command that has up to 150 lines together with its run is one file", () => {
  const lines = globSync("src/**/{command,run}.ts").map(
    (file) => [file, readFileSync(file, "utf8").split("\n").length - 1] as const,
  );
  const commands = lines.filter(([file]) => file.endsWith("/command.ts"));
  assert.ok(commands.length > 30, `${commands.length} commands: a walk that finds so few has not seen them`);
  assert.deepEqual(dividedCommands(new Map(lines)), []);
});

test("a short command in two files is told from one file, from a long one and from a run of no command", () => {
  const lines = {
    "src/cli/short/command.ts": 31,
    "src/cli/short/run.ts": 119,
    "src/cli/long/command.ts": 31,
    "src/cli/long/run.ts": 120,
    "src/cli/one/command.ts": 40,
    "src/cli/none/run.ts": 20,
  };
  assert.deepEqual(dividedCommands(new Map(Object.entries(lines))), ["src/cli/short: 150 lines"]);
});
