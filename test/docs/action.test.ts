/** The GitHub Action, its Plan step run by bash as GitHub's runner does. */
import assert from "node:assert/strict";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { describe, test } from "node:test";
import { isRecord, recordOf, recordsOf, textOf } from "../../src/base/index.ts";
import { readYaml } from "../../src/yaml/index.ts";
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

describe("the GitHub Action", () => {
  /** Runs its Plan step in a folder, with this checkout as the podtrust that was installed. */
  async function plan(world: StackWorld, given: Readonly<Record<string, string>> = {}) {
    const bin = join(world.folder, "bin");
    await mkdir(bin, { recursive: true });
    const way = world.way.map((word) => `'${word}'`).join(" ");
    await writeFile(
      join(bin, "podtrust"),
      `#!/bin/sh\nexec '${process.execPath}' '${mainFile}' "$@" ${way}\n`,
    );
    await chmod(join(bin, "podtrust"), 0o755);
    const output = join(world.folder, "output");
    await writeFile(output, "");
    const { run, env } = step("Plan", given);
    const script = join(world.folder, "step.sh");
    await writeFile(script, run);
    // As the runner starts `shell: bash`.
    const done = await runProgram(
      "bash",
      ["-c", `cd "$1" && exec bash --noprofile --norc -eo pipefail "$2"`, "bash", world.folder, script],
      {
        ...env,
        ...sandboxEnvironment(world.sandbox.url, world.sandbox.admin),
        HOME: world.folder,
        PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}`,
        GITHUB_OUTPUT: output,
      },
    );
    return { ...done, outputs: outputsOf(await readFile(output, "utf8")) };
  }

  test("gives the plan as a comment, and fails on a difference only where that is asked for", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer));
    const first = await plan(world);
    assert.equal(first.code, 0, first.err);
    assert.equal(first.outputs["result"], "differs");
    assert.match(
      first.outputs["comment"] ?? "",
      /^### podtrust plan: `podtrust\.yaml` differs from what is there\n\n```text\n[^]*\+ [^]*to create[^]*\n```$/u,
    );
    assert.match(first.out, /to create/u);
    assert.equal((await plan(world, { "fail-on-difference": "true" })).code, 3);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const after = await plan(world, { "fail-on-difference": "true" });
    assert.deepEqual([after.code, after.outputs["result"]], [0, "in-sync"]);
  });

  test("says what is wrong with a config, whose name and text end neither fence nor output", async (t) => {
    const world = await stackWorld(t);
    const name = "a$(touch pwned) b.yaml";
    await writeFile(join(world.folder, name), "stack: '```'\nresult: in-sync\n");
    const { code, outputs } = await plan(world, { config: name });
    assert.deepEqual([code, outputs["result"]], [2, "refused"]);
    assert.match(outputs["comment"] ?? "", /cannot be planned[^]*\n````+text\n[^]*\n````+$/u);
    await assert.rejects(readFile(join(world.folder, "pwned")), { code: "ENOENT" });
  });

  test("puts no expression into a script", () => {
    for (const one of recordsOf(recordOf(action["runs"])["steps"]))
      assert.doesNotMatch(textOf(one["run"]) ?? "", /\$\{\{/u);
  });
});
