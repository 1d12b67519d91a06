/**
 * The pure core has every line and branch walked by a test: `oidc/`, `trust/`, `plan/` and `injection/` hold nothing that a test
 * could not reach, so what is not covered is either untested or dead.
 */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import process from "node:process";

const pure = "{oidc,trust,plan,injection}";
const files = globSync([
  `src/${pure}/**/*.test.ts`,
  "test/conformance/*.test.ts",
  "test/conformance/sts/*.test.ts",
]);
const { status, stdout } = spawnSync(
  process.execPath,
  [
    "--test",
    "--test-isolation=none",
    "--test-reporter=spec",
    "--experimental-test-coverage",
    `--test-coverage-include=src/${pure}/**/*.ts`,
    "--test-coverage-exclude=**/*.test.ts",
    "--test-coverage-lines=100",
    "--test-coverage-branches=100",
    "--test-coverage-functions=100",
    ...files,
  ],
  { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 64 * 1024 * 1024 },
);
// The tests themselves are counted by `npm test`; here only the table, and what failed.
const lines = stdout.split("\n");
const table = lines.findIndex((line) => line.includes("start of coverage report"));
console.log(
  (status === 0 ? lines.slice(table).filter((line) => /all files|coverage report/u.test(line)) : lines).join(
    "\n",
  ),
);
process.exitCode = status ?? 1;
