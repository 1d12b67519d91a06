/** podtrust as a plugin of a real kubectl: run by it, and completed by it. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { buildPrograms, leftOut } from "./harness/index.ts";
import { maxWait } from "../support/until.ts";

const skip = leftOut();
const { bin } = JSON.parse(readFileSync("package.json", "utf8")) as { bin: Record<string, string> };

let folder = "";
let kubectl = "";

function run(...args: string[]): SpawnSyncReturns<string> {
  const env = { PATH: `${folder}:${process.env["PATH"]}`, HOME: folder, NO_COLOR: "1" };
  return spawnSync(kubectl, args, { env, cwd: folder, encoding: "utf8", timeout: maxWait });
}

/** What kubectl offers its shell, without its directive. */
function offered(...words: string[]): readonly string[] {
  const { status, stdout, stderr } = run("__complete", "podtrust", ...words);
  assert.equal(status, 0, stderr);
  return stdout
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith(":"))
    .map((line) => line.split("\t")[0] ?? "");
}

describe("kubectl podtrust", { skip }, () => {
  before(async () => {
    kubectl = (await buildPrograms()).kubectl;
    folder = mkdtempSync(join(tmpdir(), "podtrust-plugin-"));
    // As npm links the names of package.json, to the sources in place of what is built of them.
    for (const [name, file] of Object.entries(bin)) {
      const source = resolve(file.replace("dist/", "src/").replace(".js", ".ts"));
      writeFileSync(join(folder, name), `#!/bin/sh\nexec '${process.execPath}' '${source}' "$@"\n`);
      chmodSync(join(folder, name), 0o755);
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("is listed by kubectl, and no other program hides it", () => {
    const { stdout, stderr } = run("plugin", "list");
    assert.match(stdout, /\/kubectl-podtrust$/mu, stderr);
    assert.doesNotMatch(stderr, /podtrust.*overshadowed/u);
  });

  test("runs podtrust's commands, with their exit codes", () => {
    const version = execFileSync(process.execPath, ["src/cli/main.ts", "version"], { encoding: "utf8" });
    assert.equal(run("podtrust", "version").stdout, version);
    const wrong = run("podtrust", "plan");
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /there is no podtrust\.yaml/u);
  });

  test("is completed by kubectl: commands, options, and closed lists", () => {
    assert.ok(["plan", "up", "status"].every((name) => offered("").includes(name)));
    assert.deepEqual(offered("rotate", "dis"), ["distrust"]);
    assert.ok(offered("plan", "--che").includes("--check"));
    assert.deepEqual(offered("completion", "ba"), ["bash"]);
    assert.deepEqual(offered("nonsen"), []);
  });
});
