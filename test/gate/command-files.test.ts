/** A short command is one file: its words, its examples and what it does are read together. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { importsIn } from "../../tools/imports.ts";

/** Lines that a command, its examples and its run may have together and be one file. */
const maxTogether = 150;

const linesOf = (text: string): number => text.split("\n").length - 1;

/** Files that a command loads while it runs, and that no other file loads. */
function loadedAlone(
  sources: ReadonlyMap<string, string>,
): readonly (readonly [command: string, file: string])[] {
  const importers = new Map<string, Set<string>>();
  for (const [file, text] of sources)
    for (const target of importsIn(text).filter((one) => one.startsWith("."))) {
      const path = join(dirname(file), target);
      importers.set(path, (importers.get(path) ?? new Set()).add(file));
    }
  return [...sources]
    .filter(([file]) => file.endsWith("/command.ts"))
    .flatMap(([command, text]) => {
      const names = [...text.matchAll(/\bimport\(\s*"\.\/(?<name>[\w-]+\.ts)"/gu)].map(
        ({ groups }) => groups?.["name"],
      );
      const files = [...new Set(names)].map((name = "") => join(dirname(command), name));
      return files.filter((file) => importers.get(file)?.size === 1).map((file) => [command, file] as const);
    });
}

/** Commands in two files that would be one, whatever the other is called: `FOLDER: 138 lines with run.ts`. */
function dividedCommands(sources: ReadonlyMap<string, string>): readonly string[] {
  return loadedAlone(sources).flatMap(([command, file]) => {
    const together = linesOf(sources.get(command) ?? "") + linesOf(sources.get(file) ?? "");
    return together > maxTogether ? [] : [`${dirname(command)}: ${together} lines with ${basename(file)}`];
  });
}

test("a command that has up to 150 lines together with its run is one file", () => {
  const files = globSync("src/**/*.ts", { exclude: ["src/**/*.test.ts"] });
  const sources = new Map(files.map((file) => [file, readFileSync(file, "utf8")]));
  const commands = files.filter((file) => file.endsWith("/command.ts"));
  assert.ok(commands.length > 30, `${commands.length} commands: a walk that finds so few has not seen them`);
  assert.ok(loadedAlone(sources).length > 30, `${loadedAlone(sources).length} files that a command loads`);
  assert.deepEqual(dividedCommands(sources), []);
});

test("a short command in two files is told from a long one, from one of shared files and from what loads at once", () => {
  const command = (lines: number, ...loaded: readonly string[]): string =>
    loaded.map((name) => `const { run } = await import("./${name}.ts");\n`).join("") +
    "\n".repeat(lines - loaded.length);
  const sources = {
    "src/cli/short/command.ts": command(31, "run"),
    "src/cli/short/run.ts": "\n".repeat(119),
    "src/cli/long/command.ts": command(31, "run"),
    "src/cli/long/run.ts": "\n".repeat(120),
    "src/cli/some/command.ts": command(90, "keys", "run-other", "shared"),
    "src/cli/some/keys.ts": 'import "./at-once.ts";\n'.padEnd(82, "\n"),
    "src/cli/some/at-once.ts": "\n",
    "src/cli/some/run-other.ts": 'import "./shared.ts";\n'.padEnd(90, "\n"),
    "src/cli/some/shared.ts": "\n",
    "src/cli/none/run.ts": "\n".repeat(20),
  };
  assert.deepEqual(dividedCommands(new Map(Object.entries(sources))), [
    "src/cli/short: 150 lines with run.ts",
    "src/cli/some: 150 lines with keys.ts",
  ]);
});
