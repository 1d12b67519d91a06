/**
 * Builds a release twice and compares: `npm run release:check -- [PART…]`. What users fetch has to be had again from the
 * same checkout, byte for byte, and none of it may be larger than a slow connection forgives.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const largest = 45e6;
const folders = ["first", "second"].map((name) => mkdtempSync(join(tmpdir(), `podtrust-${name}-`)));

/** Files of the same name whose bytes differ, and files that are too large. */
function faults([first = "", second = ""]: readonly string[]): readonly string[] {
  const names = [...new Set([first, second].flatMap((folder) => readdirSync(folder)))].sort();
  return names.flatMap((name) => {
    const [one, other] = [first, second].map((folder) => readFileSync(join(folder, name)));
    const isProgram = name.endsWith(".zst");
    const size = statSync(join(first, name)).size;
    return [
      ...(one !== undefined && other !== undefined && one.equals(other) ? [] : [`${name} differs`]),
      ...(isProgram && size > largest ? [`${name} has ${(size / 1e6).toFixed(1)} MB, more than 45`] : []),
    ];
  });
}

try {
  for (const folder of folders) {
    execFileSync(process.execPath, ["tools/release.ts", "--to", folder, ...process.argv.slice(2)], {
      stdio: "inherit",
    });
  }
  const found = faults(folders);
  for (const fault of found) console.error(`release-check: ${fault}`);
  console.log(`release-check: ${readdirSync(folders[0] ?? "").length} files, ${found.length} faults`);
  process.exitCode = found.length === 0 ? 0 : 1;
} finally {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
