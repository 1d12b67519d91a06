import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { groups } from "../../tools/test/groups.ts";
import { oneFileEach } from "./planted-tests.ts";

const tool = resolve("tools/test.ts");
const head = 'import { test } from "node:test";\n';
const planted = {
  "one.test.ts": `${head}test("needs a tool", { skip: "no tool" }, () => {});`,
  "lingers.test.ts": `${head}test("leaves a timer", () => void setInterval(() => {}, 1000));`,
  "two.test.ts": `${head}test("does not", () => {});`,
  "three.test.ts": `${head}test("goes wrong", () => { throw new Error("no"); });`,
  // Longer than all others, so that it has the other process.
  "dies.test.ts": `${head}test("dies", () => process.exit(0)); // ${"x".repeat(1000)}`,
};
let folder = "";

function run(ci: string, ...files: readonly string[]): { status: number | null; stdout: string } {
  return runIn(folder, ci, ...files);
}

function runIn(
  cwd: string,
  ci: string,
  ...files: readonly string[]
): { status: number | null; stdout: string } {
  // This runner's own children must not report to the runner that runs this test.
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const options = { cwd, env: { ...env, CI: ci }, encoding: "utf8" } as const;
  return spawnSync(process.execPath, [tool, "unit", ...files], options);
}

/** An empty test in each place that a group names. */
async function plantEmpty(cwd: string): Promise<void> {
  for (const file of oneFileEach(Object.values(groups).flatMap(({ patterns }) => patterns))) {
    await mkdir(dirname(join(cwd, file)), { recursive: true });
    await writeFile(join(cwd, file), "");
  }
}

describe("the last lines of a run of tests", () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-left-out-"));
    await plantEmpty(folder);
    for (const [name, text] of Object.entries(planted)) await writeFile(join(folder, "test", name), text);
  });

  after(() => rm(folder, { recursive: true }));

  test("say what was left out and why, which is a failure in CI alone", () => {
    const here = run("", "one", "two");
    assert.equal(here.status, 0);
    assert.match(here.stdout, /\nleft out:\nneeds a tool: no tool\n$/u);
    const gate = run("true", "one", "two");
    assert.equal(gate.status, 1);
    assert.match(gate.stdout, /needs a tool: no tool\nWith CI=true nothing may be left out\.\n$/u);
  });

  test("say nothing of what was left out where nothing was", () => {
    const { status, stdout } = run("true", "two");
    assert.equal(status, 0);
    assert.doesNotMatch(stdout, /left out/u);
  });

  test("refuse a whole run of too few tests, though all of them pass, and no run of some files", async () => {
    const cwd = await mkdtemp(join(tmpdir(), "podtrust-too-few-"));
    try {
      await plantEmpty(cwd);
      const whole = runIn(cwd, "");
      assert.equal(whole.status, 1, whole.stdout);
      assert.match(whole.stdout, /, 0 failed, .*\nunit has 3900 tests at least\n$/su);
      assert.equal(runIn(cwd, "", "planted").status, 0);
    } finally {
      await rm(cwd, { recursive: true });
    }
  });

  test("count the tests of all processes together, and name the one that failed", () => {
    const { status, stdout } = run("", "one", "two", "three");
    assert.equal(status, 1);
    assert.match(stdout, /\nunit: 1 passed, 1 failed, 1 skipped, of 3 files\n/u);
    assert.match(stdout, /\nfailed:\n.*three\.test\.ts: goes wrong\n/u);
  });

  test("call it a failure where a process ended before it had counted, whatever its exit code", () => {
    const { status, stdout } = run("", "two", "dies");
    assert.notEqual(status, 0);
    assert.match(stdout, /\n1 of 2 runners died before they had counted\n/u);
  });

  test("call it a failure, and name what it waits for, where a process goes on after its tests", async () => {
    const preload = join(folder, "preload.ts");
    const lingering = pathToFileURL(resolve("tools/test/lingering.ts")).href;
    await writeFile(preload, `import { endLingering } from "${lingering}";\nendLingering(200);\n`);
    for (const isolation of ["process", "none"]) {
      const flags = ["--test", `--test-isolation=${isolation}`, `--import=${preload}`];
      const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
      const options = { cwd: folder, env, encoding: "utf8" } as const;
      const args = [...flags, "test/two.test.ts", "test/lingers.test.ts"];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
      assert.equal(status, 1, stdout);
      assert.match(
        stdout + stderr,
        /all tests have ended, and 0\.2 s later the process has not, for: .*Timeout/u,
      );
    }
  });
});
