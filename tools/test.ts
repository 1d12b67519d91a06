/**
 * Runs one group of suites with Node's test runner and ends on its counts and on what was left out, which with
 * CI=true is a failure.
 *
 *   node tools/test.ts unit      what `npm ci` brought is enough
 *   node tools/test.ts tools     needs Debian's chromium, OpenSSL and nginx; PyPI for the AWS CLI
 *   node tools/test.ts cluster   needs Go; builds a real Kubernetes once into .cache/
 */
import { spawn } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const outside = ["test/tools/**", "test/cluster/**", "test/bench/**", "test/support/**"];

const groups: Record<string, { files: () => string[]; concurrency: number; timeout: number }> = {
  unit: {
    files: () => globSync(["src/**/*.test.ts", "test/**/*.test.ts"], { exclude: outside }),
    concurrency: 2,
    timeout: 120_000,
  },
  tools: { files: () => globSync("test/tools/**/*.test.ts"), concurrency: 1, timeout: 300_000 },
  cluster: { files: () => globSync("test/cluster/**/*.test.ts"), concurrency: 1, timeout: 1_800_000 },
};

const [name = "unit", ...rest] = process.argv.slice(2);
const group = groups[name];
if (group === undefined)
  throw new TypeError(`no such group of tests: ${name} (${Object.keys(groups).join(", ")})`);
const wanted = rest.filter((argument) => !argument.startsWith("--"));
const flags = rest.filter((argument) => argument.startsWith("--"));
const files = group
  .files()
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();
if (files.length === 0) throw new TypeError(`no test file in group ${name} matches ${wanted.join(" ")}`);

// The runner's own lines of skipped tests scroll away; these are kept for the end of the run.
const folder = mkdtempSync(join(tmpdir(), "podtrust-tests-"));
const skipped = join(folder, "skipped");
const runner = spawn(
  process.execPath,
  [
    "--test",
    `--test-concurrency=${group.concurrency}`,
    `--test-timeout=${group.timeout}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    `--test-reporter=${join(import.meta.dirname, "left-out.ts")}`,
    `--test-reporter-destination=${skipped}`,
    ...flags,
    ...files,
  ],
  { stdio: "inherit", env: { ...process.env, NODE_NO_WARNINGS: "1" } },
);
runner.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === null ? 0 : 1);
  const lines = existsSync(skipped) ? readFileSync(skipped, "utf8").trim() : "";
  rmSync(folder, { recursive: true, force: true });
  if (lines === "") return;
  console.log(`\nleft out:\n${lines}`);
  if (process.env["CI"] !== "true") return;
  console.log("With CI=true nothing may be left out.");
  process.exitCode = 1;
});
