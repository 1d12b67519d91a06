/**
 * Builds the two packages that users install: plain tsc, no bundler; what is emitted can be read beside its source.
 * podtrust's is dist/; that of @podtrust/sandbox is the part of it that the sandbox imports, in packages/sandbox/
 * (docs/adr/0024-two-packages.md).
 */
import { execFileSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { assembleHolders } from "./package/holders.ts";
import { assembleSandbox, sandboxFolder } from "./package/sandbox.ts";

// npm runs it as prepack of either package, in the folder of that.
process.chdir(join(import.meta.dirname, ".."));
rmSync("dist", { recursive: true, force: true });
execFileSync(
  process.execPath,
  [join("node_modules", "typescript", "bin", "tsc"), "-p", "tsconfig.build.json"],
  { stdio: "inherit" },
);
for (const program of ["main.js", join("kubectl-plugin", "complete.js")])
  chmodSync(join("dist", "cli", program), 0o755);
assembleHolders();
const { files } = assembleSandbox();
// Standard output is that of npm pack, where that runs it.
console.error(`build: dist/ is ready, and ${files.length} modules of it in ${sandboxFolder}/`);
