/**
 * What a change breaks, in a minute or three: format and lint of the files that changed, types, boundaries, the suites of
 * `npm test` from which imports lead to one of them, and the guards that read the whole tree. Suites of other groups that
 * a change reaches are listed and not run: the gate (.ci/run) has all of them.
 *
 *   node tools/check.ts           since this branch left main; on main, what is not committed
 *   node tools/check.ts BASE      since a commit
 *   node tools/check.ts --list [BASE]    runs nothing, and says which suites it would run
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { type Suites, suitesFor } from "./check/suites.ts";

/** What Git says, line by line; undefined where it refuses. */
function git(...args: readonly string[]): readonly string[] | undefined {
  const { status, stdout } = spawnSync("git", args, { encoding: "utf8" });
  return status === 0
    ? stdout
        .split("\0")
        .flatMap((part) => part.split("\n"))
        .filter((line) => line !== "")
    : undefined;
}

function baseOf(named: string | undefined): string {
  if (named !== undefined) return named;
  for (const main of ["main", "origin/main"]) {
    const [commit] = git("merge-base", "HEAD", main) ?? [];
    if (commit !== undefined) return commit;
  }
  return "HEAD";
}

/** Paths of what differs from a commit, deleted and new files too. */
function changedSince(base: string): readonly string[] {
  const tracked = git("diff", "--name-only", "--no-renames", "-z", base, "--");
  const untracked = git("ls-files", "--others", "--exclude-standard", "-z");
  if (tracked === undefined || untracked === undefined)
    throw new TypeError(`Git knows no commit ${base}, or this is no checkout`);
  return [...new Set([...tracked, ...untracked])].toSorted();
}

interface Step {
  readonly name: string;
  readonly command: readonly string[];
}

/** Files whose change means that every file is to be looked at anew. */
const lintsAll = /^(?:\.oxlintrc\.json|tools\/lint\/.*|package-lock\.json)$/u;

/** What the compiler found last, so that it looks only at what a change since then can have broken. */
const knownTypes = ".cache/check/types.tsbuildinfo";

function stepsFor(changed: readonly string[], { run }: Suites): readonly Step[] {
  const there = changed.filter((file) => existsSync(file));
  const code = there.filter((file) => /\.(?:ts|mjs)$/u.test(file));
  // Of some changes all files are ones that neither program looks at.
  const mayBeNone = "--no-error-on-unmatched-pattern";
  const lint = ["oxlint", "--type-aware", "--deny-warnings", mayBeNone];
  return [
    { name: "boundaries", command: ["node", "tools/boundaries.ts"] },
    { name: "format", command: ["oxfmt", "--check", mayBeNone, ...there] },
    { name: "types", command: ["tsc", "-p", ".", "--incremental", "--tsBuildInfoFile", knownTypes] },
    { name: "lint", command: changed.some((file) => lintsAll.test(file)) ? lint : [...lint, ...code] },
    { name: "suites", command: ["node", "tools/test.ts", "unit", ...run] },
  ].filter(
    ({ name }) => !(name === "lint" && code.length === 0) && !(name === "format" && there.length === 0),
  );
}

/** Runs a step; how it ended, as a line. */
function lineOf({ name, command: [program = "", ...args] }: Step): {
  readonly isGood: boolean;
  readonly line: string;
} {
  console.log(`\n── ${name}`);
  const begun = performance.now();
  const { status } = spawnSync(program, args, { stdio: "inherit" });
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  return { isGood: status === 0, line: `${name}: ${status === 0 ? "good" : "FAILED"}, ${seconds} s` };
}

const listed = (files: readonly string[]): string => files.map((file) => `  ${file}`).join("\n");

const words = process.argv.slice(2);
const base = baseOf(words.find((word) => !word.startsWith("--")));
const changed = changedSince(base);
if (changed.length === 0) console.log(`nothing has changed since ${base}`);
else {
  const suites = suitesFor(changed);
  const isList = words.includes("--list");
  const ended = isList ? [] : stepsFor(changed, suites).map(lineOf);
  for (const [group, files] of suites.left)
    console.log(`\nnot run, of npm run test:${group}:\n${listed(files)}`);
  if (isList) console.log(`\nof npm test:\n${listed(suites.run)}`);
  console.log(`\n${changed.length} files changed since ${base}: ${suites.run.length} suites of npm test`);
  for (const { line } of ended) console.log(line);
  process.exitCode = ended.every(({ isGood }) => isGood) ? 0 : 1;
}
