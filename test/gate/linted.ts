import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";

const root = join(import.meta.dirname, "../..");

/** What `npm run lint` says of files with a fault that are written below a folder of their own. */
export function linted(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-lint-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const oxlint = join(root, "node_modules/oxlint/bin/oxlint");
    const config = join(root, ".oxlintrc.json");
    const { status, stdout } = spawnSync(process.execPath, [oxlint, "-f", "unix", "-c", config, folder], {
      encoding: "utf8",
    });
    assert.notEqual(status, 0, stdout);
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes sources into files of these paths, and says in which of them a rule of ours finds something. */
export function foundBy(rule: string, sources: Readonly<Record<string, string>>): readonly string[] {
  const lines = linted(sources)
    .split("\n")
    .filter((line) => line.includes(`podtrust(${rule})`));
  return Object.keys(sources).filter((file) => lines.some((line) => line.includes(`/${file}:`)));
}
