import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { podtrustHere } from "../support/cli.ts";

async function scriptFor(shell: string): Promise<string> {
  const { code, out } = await podtrustHere(["completion", shell]);
  assert.equal(code, 0);
  return out;
}

/** The script in a file, as a person keeps it; fish does not read one from a socket, which Node's pipes are. */
async function scriptFile(t: TestContext, shell: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-completion-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, `podtrust.${shell}`);
  writeFileSync(file, await scriptFor(shell));
  return file;
}

const installed = (shell: string): boolean => spawnSync(shell, ["--version"]).status === 0;

/** What a real bash offers after these words; the last one is being typed. */
function bashOffers(script: string, ...words: string[]): string[] {
  const list = ["podtrust", ...words].map((word) => `'${word}'`).join(" ");
  const program = `source /dev/stdin <<'SCRIPT'
${script}
SCRIPT
COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _podtrust; printf '%s\\n' "\${COMPREPLY[@]}"
complete -p podtrust >&2`;
  const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-c", program], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  assert.match(stderr, /complete -o default -F _podtrust podtrust/u);
  return stdout.split("\n").filter((line) => line !== "");
}

describe("bash", () => {
  test("completes commands, subcommands, options and closed lists of values", async () => {
    const script = await scriptFor("bash");
    assert.ok(bashOffers(script, "").includes("completion"));
    assert.ok(!bashOffers(script, "").includes("job"));
    assert.deepEqual(bashOffers(script, "comple"), ["completion"]);
    assert.deepEqual(bashOffers(script, "completion", ""), ["bash", "zsh", "fish"]);
    assert.deepEqual(bashOffers(script, "completion", "--js"), ["--json"]);
    assert.ok(bashOffers(script, "--verbose", "manifests", "").includes("publisher-rbac"));
    assert.deepEqual(bashOffers(script, "manifests", "publisher-rbac", "--namesp"), ["--namespace"]);
  });

  test("leaves the value of an option to file names", async () => {
    assert.deepEqual(bashOffers(await scriptFor("bash"), "token", "--file", "--"), []);
  });

  test("is read by source <(…), as the help says", async () => {
    const script = await scriptFor("bash");
    const result = spawnSync("bash", ["--norc", "-c", "source <(cat) && type -t _podtrust"], {
      input: script,
      encoding: "utf8",
    });
    assert.deepEqual([result.status, result.stdout], [0, "function\n"]);
  });
});

test(
  "fish offers commands, and values of a closed list",
  { skip: installed("fish") ? false : "fish is not installed on this machine" },
  async (t) => {
    const file = await scriptFile(t, "fish");
    const offers = (line: string): string[] => {
      const program = `source ${file}; complete -C ${JSON.stringify(line)}`;
      const { stdout } = spawnSync("fish", ["--no-config", "-c", program], { encoding: "utf8" });
      return stdout.split("\n").map((one) => one.split("\t")[0] ?? "");
    };
    assert.ok(offers("podtrust comp").includes("completion"));
    assert.deepEqual(offers("podtrust completion ").slice(0, 3), ["bash", "fish", "zsh"]);
  },
);

for (const shell of ["zsh", "fish"]) {
  const reason = installed(shell) ? false : `${shell} is not installed on this machine`;
  test(`${shell} reads its script`, { skip: reason }, async (t) => {
    const { status, stderr } = spawnSync(shell, ["-n", await scriptFile(t, shell)], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
  });

  test(`${shell}'s script names every command and option, in balanced quotes`, async () => {
    const script = await scriptFor(shell);
    for (const word of ["completion", "manifests", "publisher-rbac", "namespace", "bash"])
      assert.ok(script.includes(word));
    for (const line of script.split("\n")) {
      const quotes = line.replaceAll(/\\./gu, "").split("'").length - 1;
      assert.equal(quotes % 2, 0, line);
    }
  });
}
