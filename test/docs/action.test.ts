/** The GitHub Action, its Plan step run by bash as GitHub's runner does. */
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { isRecord, recordOf, recordsOf, textOf } from "../../src/core/base/index.ts";
import { readYaml } from "../../src/core/yaml/index.ts";
import { mainFile } from "../support/cli.ts";
import { runProgram } from "../support/python-venv.ts";
import { configText, sandboxEnvironment, stackWorld, type StackWorld } from "../support/stack-world.ts";

interface Step {
  readonly run: string;
  readonly env: Readonly<Record<string, string>>;
}

const read = readYaml(await readFile("action.yml", "utf8"), { bytes: 65_536, depth: 16, tokens: 4000 });
assert.ok("value" in read && isRecord(read.value));
const action = read.value;

/** A step as the runner has it, its expressions replaced by what was given or is the standard. */
function step(name: string, given: Readonly<Record<string, string>>): Step {
  const inputs = recordOf(action["inputs"]);
  const valueOf = (input: string): string =>
    given[input] ?? textOf(recordOf(inputs[input])["default"]) ?? assert.fail(`no input ${input}`);
  const filled = (text: string): string =>
    text.replaceAll(/\$\{\{ inputs\.([\w-]+) \}\}/gu, (_, input: string) => valueOf(input));
  const found = recordsOf(recordOf(action["runs"])["steps"]).find((one) => one["name"] === name);
  assert.ok(found !== undefined, `there is a step ${name}`);
  const env = Object.entries(recordOf(found["env"])).map(([key, value]) => [key, filled(String(value))]);
  return { run: textOf(found["run"]) ?? "", env: Object.fromEntries(env) as Record<string, string> };
}

/** GITHUB_OUTPUT as the runner reads it: `name=value`, or `name<<delimiter`, lines, and the delimiter. */
function outputsOf(text: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  const lines = text.split("\n");
  while (lines.length > 0) {
    const line = lines.shift() ?? "";
    const [, name = "", end = ""] = /^([\w-]+)<<(.+)$/u.exec(line) ?? [];
    if (name !== "") {
      const at = lines.indexOf(end);
      assert.ok(at >= 0, "the delimiter ends the value");
      found[name] = lines
        .splice(0, at + 1)
        .slice(0, -1)
        .join("\n");
    } else if (line !== "") found[line.slice(0, line.indexOf("="))] = line.slice(line.indexOf("=") + 1);
  }
  return found;
}

const github = {
  GITHUB_SERVER_URL: "https://github.com",
  GITHUB_REPOSITORY: "shop/infra",
  GITHUB_RUN_ID: "42",
};

/** Runs a step in a folder, with programs of the test's own before all others. */
async function runStep(
  folder: string,
  { run, env }: Step,
  programs: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
) {
  const bin = join(folder, "bin");
  await mkdir(bin, { recursive: true });
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  const files = { GITHUB_OUTPUT: join(folder, "output"), GITHUB_PATH: join(folder, "path") };
  for (const file of Object.values(files)) await writeFile(file, "");
  const script = join(folder, "step.sh");
  await writeFile(script, run);
  const path = `${bin}${delimiter}${process.env["PATH"] ?? ""}`;
  // As the runner starts `shell: bash`.
  const done = await runProgram(
    "bash",
    ["-c", `cd "$1" && exec bash --noprofile --norc -eo pipefail "$2"`, "bash", folder, script],
    { ...github, ...env, HOME: folder, PATH: path, ...files, ...more },
  );
  return {
    ...done,
    outputs: outputsOf(await readFile(files.GITHUB_OUTPUT, "utf8")),
    path: (await readFile(files.GITHUB_PATH, "utf8")).trim(),
  };
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-action-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

describe("the GitHub Action", () => {
  /** Runs its Plan step in a folder, with this checkout as the podtrust that was installed. */
  function plan(world: StackWorld, given: Readonly<Record<string, string>> = {}) {
    const route = world.route.map((word) => `'${word}'`).join(" ");
    const podtrust = `exec '${process.execPath}' '${mainFile}' "$@" ${route}`;
    const aws = sandboxEnvironment(world.sandbox.url, world.sandbox.admin);
    return runStep(world.folder, step("Plan", given), { podtrust }, aws);
  }

  test("gives the plan as a comment, and fails on a difference only where that is asked for", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer));
    const first = await plan(world);
    assert.equal(first.code, 0, first.err);
    assert.equal(first.outputs["result"], "differs");
    assert.match(
      first.outputs["comment"] ?? "",
      /^### podtrust plan: `podtrust\.yaml` differs from what is there\n\n {4}[^]*\n {4}[^]*to create[^]*$/u,
    );
    assert.match(first.out, /to create/u);
    assert.equal((await plan(world, { "fail-on-difference": "true" })).code, 3);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const after = await plan(world, { "fail-on-difference": "true" });
    assert.deepEqual([after.code, after.outputs["result"]], [0, "in-sync"]);
  });

  test("says what is wrong with a config, whose name and text end neither block nor output", async (t) => {
    const world = await stackWorld(t);
    const name = "a$(touch pwned) b.yaml";
    await writeFile(join(world.folder, name), "stack: '```'\nresult: in-sync\n");
    const { code, outputs } = await plan(world, { config: name });
    assert.deepEqual([code, outputs["result"]], [2, "refused"]);
    const [head = "", , ...block] = (outputs["comment"] ?? "").split("\n");
    assert.match(head, /cannot be planned$/u);
    assert.ok(block.length > 1 && block.every((line) => line.startsWith("    ")), block.join("\n"));
    await assert.rejects(readFile(join(world.folder, "pwned")), { code: "ENOENT" });
  });

  test("keeps a plan of any length and content below GitHub's limit, and says where the rest is", async (t) => {
    const folder = await temporaryFolder(t);
    for (const program of [
      "head -c 60000 /dev/zero | tr '\\0' '`'; exit 3",
      "head -c 3000000 /dev/zero | tr '\\0' '`'; exit 3",
      "yes '' | head -n 100000; exit 3",
      "yes 'é``` <!-- \\r# spoofed' | head -n 20000; exit 3",
    ]) {
      const { code, outputs, err } = await runStep(folder, step("Plan", {}), { podtrust: program });
      assert.equal(code, 0, err);
      const comment = outputs["comment"] ?? "";
      assert.ok(Buffer.byteLength(comment) < 65_536, String(comment.length));
      const [, , ...block] = comment.split("\n");
      const last = block.at(-1) ?? "";
      if (last.startsWith("    ")) assert.ok(block.every((line) => line.startsWith("    ")));
      else {
        assert.match(
          last,
          /^The comment is cut: the last \d+ lines are in the log of the run, https:\/\/github\.com\/shop\/infra\/actions\/runs\/42$/u,
        );
        assert.ok(block.slice(0, -2).every((line) => line.startsWith("    ")));
      }
    }
  });

  test("has no line of a plan taken for a command by the runner", async (t) => {
    const { out } = await runStep(await temporaryFolder(t), step("Plan", {}), {
      podtrust: "echo ::add-mask::a; echo ::error::spoofed",
    });
    const [, token = "", within = ""] =
      /^::stop-commands::(end-[0-9a-f]{32})\n([^]*)\n::\1::\n$/u.exec(out) ?? [];
    assert.ok(token !== "", out);
    assert.match(within, /::error::spoofed/u);
  });

  test("runs no program that a kubeconfig names, but those that an input lists", () => {
    const variable = "PODTRUST_ALLOW_EXEC_PLUGIN";
    assert.equal(step("Plan", {}).env[variable], "");
    assert.equal(step("Plan", { "allow-exec-plugins": "sha256:0" }).env[variable], "sha256:0");
  });

  test("installs its own checkout by its lockfile, and podtrust then runs from there", async (t) => {
    const folder = await temporaryFolder(t);
    const install = step("Install podtrust", {});
    const checkout = { ACTION: resolve(".") };
    const npm = { npm: `printf '%s\\n' "$@" >>'${join(folder, "asked")}'` };
    const { code, err, path } = await runStep(folder, install, npm, checkout);
    assert.equal(code, 0, err);
    const asked = (await readFile(join(folder, "asked"), "utf8")).split("\n");
    assert.deepEqual(asked.slice(0, 3), ["ci", "--omit=dev", "--ignore-scripts"]);
    assert.ok(asked.includes(resolve(".")));
    const said = await runProgram(join(path, "podtrust"), ["--version"], { PATH: process.env["PATH"] ?? "" });
    assert.equal(said.code, 0, said.err);
  });

  test("installs nothing by a name", async (t) => {
    const folder = await temporaryFolder(t);
    for (const name of [
      "podtrust",
      "podtrust@0.1.0",
      "npm:evil",
      "--global",
      "git+https://example.com/x.git",
    ]) {
      const { code, err } = await runStep(folder, step("Install podtrust", { package: name }), {
        npm: "exit 0",
      });
      assert.equal(code, 2, name);
      assert.match(err, /package is no tarball/u);
    }
  });

  test("takes others' actions by the digest of a commit", async () => {
    const uses = recordsOf(recordOf(action["runs"])["steps"]).flatMap((one) => textOf(one["uses"]) ?? []);
    assert.ok(uses.length > 0);
    for (const one of uses) assert.match(one, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/u);
  });

  test("puts no expression into a script", () => {
    for (const one of recordsOf(recordOf(action["runs"])["steps"]))
      assert.doesNotMatch(textOf(one["run"]) ?? "", /\$\{\{/u);
  });
});
