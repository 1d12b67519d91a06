import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");

/** What `npm run lint` says of files of so many lines. */
function linted(files: Readonly<Record<string, number>>): {
  readonly status: number | null;
  readonly said: string;
} {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-lengths-"));
  try {
    for (const [path, lines] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), "// One line.\n".repeat(lines - 1) + "export const last = 1;\n");
    }
    const oxlint = join(root, "node_modules/oxlint/bin/oxlint");
    const args = [oxlint, "-c", join(root, ".oxlintrc.json"), "--format=unix", "."];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
    return { status, said: stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const kinds = [
  "src/rules/plan/long.ts",
  "src/rules/plan/long.test.ts",
  "test/aws/long.test.ts",
  "test/support/long.ts",
  "tools/long.ts",
];

test("npm run lint fails on each file of more than 400 lines, and says which and how many", () => {
  const { status, said } = linted(Object.fromEntries(kinds.map((path) => [path, 401])));
  assert.notEqual(status, 0);
  for (const path of kinds) assert.match(said, new RegExp(`${path}:.*\\(401\\)`, "u"));
});

test("npm run lint lets files of 400 lines pass", () => {
  assert.equal(linted(Object.fromEntries(kinds.map((path) => [path, 400]))).status, 0);
});
