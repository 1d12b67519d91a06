import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";

const tool = resolve("tools/test.ts");
let folder = "";

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "podtrust-left-out-"));
  await mkdir(join(folder, "test"));
  const head = 'import { test } from "node:test";\n';
  await writeFile(join(folder, "test", "two.test.ts"), `${head}test("does not", () => {});`);
  await writeFile(
    join(folder, "test", "one.test.ts"),
    `${head}test("needs a tool", { skip: "no tool" }, () => {});`,
  );
});

after(async () => {
  await rm(folder, { recursive: true });
});

function run(ci: string, ...files: readonly string[]): { status: number | null; stdout: string } {
  // This runner's own children must not report to the runner that runs this test.
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const options = { cwd: folder, env: { ...env, CI: ci }, encoding: "utf8" } as const;
  return spawnSync(process.execPath, [tool, "unit", ...files], options);
}

test("a run ends on what was left out and why, which is a failure in CI alone", () => {
  const here = run("", "one", "two");
  assert.equal(here.status, 0);
  assert.match(here.stdout, /\nleft out:\nneeds a tool: no tool\n$/u);
  const gate = run("true", "one", "two");
  assert.equal(gate.status, 1);
  assert.match(gate.stdout, /needs a tool: no tool\nWith CI=true nothing may be left out\.\n$/u);
});

test("a run in which nothing was left out says nothing of it", () => {
  const { status, stdout } = run("true", "two");
  assert.equal(status, 0);
  assert.doesNotMatch(stdout, /left out/u);
});
