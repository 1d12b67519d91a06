/**
 * The pure core and `doctor` have every line and branch walked by a test: the folders that tools/rooms.ts names hold nothing
 * that a test could not reach, so what is not covered is either untested or dead. A report of no file says 100 %, and so
 * does one without a module that no test loads: each module of those folders that has code has to stand in it.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import process from "node:process";
import { filesOf, filesOfRooms } from "./room-files.ts";
import { covered, notCovered } from "./rooms.ts";

const isTest = (file: string): boolean => file.endsWith(".test.ts");
const isCode = (file: string): boolean =>
  stripTypeScriptTypes(readFileSync(file, "utf8"))
    .replaceAll(/\/\*[^]*?\*\/|\/\/[^\n]*|export \{\};?/gu, "")
    .trim() !== "";

const below = filesOfRooms("covered", covered);
const outside = new Set(filesOfRooms("notCovered", notCovered));
const inRooms = below.filter((file) => !outside.has(file));
const tests = [
  ...inRooms.filter(isTest),
  ...filesOf("the tests of tools/coverage.ts", [
    "test/conformance/*.test.ts",
    "test/conformance/azure/*.test.ts",
    "test/conformance/gcp/*.test.ts",
    "test/conformance/openbao/*.test.ts",
    "test/conformance/sts/*.test.ts",
    // What judges of a rotation and an adoption remember, over whole worlds of servers in memory.
    "src/control-plane/{adoption,theft}/*.test.ts",
    "src/control-plane/rotation/{remembered,rotation}.test.ts",
    // By what was seen of faults in real parts.
    "test/doctor/chain/{bundle,issuer-faults,judges}.test.ts",
    "test/doctor/chain/recorded.test.ts",
    "test/doctor/*.test.ts",
  ]),
];
const folder = mkdtempSync(join(tmpdir(), "podtrust-coverage-"));
const report = join(folder, "lcov");
const { status, stdout } = spawnSync(
  process.execPath,
  [
    "--test",
    "--test-isolation=none",
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    "--test-reporter=lcov",
    `--test-reporter-destination=${report}`,
    "--experimental-test-coverage",
    ...covered.map((room) => `--test-coverage-include=src/${room}/**/*.ts`),
    "--test-coverage-exclude=**/*.test.ts",
    ...notCovered.map((room) => `--test-coverage-exclude=src/${room}/**/*.ts`),
    "--test-coverage-lines=100",
    "--test-coverage-branches=100",
    "--test-coverage-functions=100",
    ...tests,
  ],
  {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, NODE_NO_WARNINGS: "1" },
  },
);
const reported = new Set(
  [...readFileSync(report, "utf8").matchAll(/^SF:(.*)$/gmu)].map(([, file = ""]) =>
    relative("", resolve(file)),
  ),
);
rmSync(folder, { recursive: true });
const unseen = inRooms.filter((file) => !isTest(file) && isCode(file) && !reported.has(file));
// The tests themselves are counted by `npm test`; here only the table, and what failed.
const lines = stdout.split("\n");
const table = lines.findIndex((line) => line.includes("start of coverage report"));
console.log(
  (status === 0 ? lines.slice(table).filter((line) => /all files|coverage report/u.test(line)) : lines).join(
    "\n",
  ),
);
console.log(`coverage: ${reported.size} modules of ${covered.join(", ")}`);
for (const file of unseen) console.error(`coverage: no test loads ${file}`);
process.exitCode = unseen.length > 0 ? 1 : (status ?? 1);
