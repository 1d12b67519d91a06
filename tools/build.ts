/** Builds the package that users install: plain tsc, no bundler; what is emitted can be read beside its source. */
import { execFileSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

rmSync("dist", { recursive: true, force: true });
execFileSync(
  process.execPath,
  [join("node_modules", "typescript", "bin", "tsc"), "-p", "tsconfig.build.json"],
  { stdio: "inherit" },
);
for (const program of ["main.js", join("kubectl-plugin", "complete.js")])
  chmodSync(join("dist", "cli", program), 0o755);
// Standard output is that of npm pack, where that runs it.
console.error("build: dist/ is ready");
