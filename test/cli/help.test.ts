/** What each command's help ends with: how it is typed, and the guide that the reader has. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { podtrust } from "../../src/cli/commands.ts";
import { everyUse, guidePage } from "../../src/core/command-line/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { blocksOf, shellOf, understand } from "../docs/pages.ts";

const uses = await everyUse(podtrust);

/** Commands that can be run and are shown, from the page that is made of the real tree. */
const commands = [
  ...readFileSync("docs/reference/commands.md", "utf8").matchAll(/^(#{2,4}) podtrust (.+)$/gmu),
]
  .map(([, , name = ""]) => name)
  .filter((name, index, all) => !all[index + 1]?.startsWith(`${name} `));
// Started by the cluster and by systemd, and hidden from people.
const hidden = new Set(["job", "make-store-key", "renew-token"]);

describe("help of a command", () => {
  test("gives three examples of every command that can be run", () => {
    for (const name of commands.filter((one) => !hidden.has(one)))
      assert.equal(uses[name]?.examples.length, 3, name);
  });

  for (const [name, { examples }] of Object.entries(uses)) {
    test(`the examples of ${name} are command lines that podtrust accepts, of that command`, async () => {
      for (const line of examples) {
        const block = { page: name, line: 1, language: "sh", text: line };
        const ours = shellOf(block).filter(({ words }) => words[0] === "podtrust");
        const understood = await Promise.all(
          ours
            .filter(({ words }) => words[1] !== "--version")
            .map(async ({ words }) => (await understand(words.slice(1))).name),
        );
        assert.ok(ours.length > 0, line);
        // What is looked at first is another command's, and a version may be asked for without a command.
        if (line.includes("--version") || line === "podtrust plan --down") continue;
        assert.ok(understood.includes(name), `${line}: ${understood.join()}`);
      }
    });
  }

  test("names a guide that is there", () => {
    const guides = Object.values(uses).flatMap(({ guide }) => (guide === undefined ? [] : [guide]));
    assert.ok(guides.length > 20, guides.join());
    for (const guide of guides) assert.ok(blocksOf(guidePage(guide)).length > 0, guide);
  });

  test("shows groups, examples and the place of the guide", async () => {
    const all = await podtrustHere(["--help"]);
    const titles = ["Try:", "Set up:", "Run:", "Check:"].map((title) => all.out.indexOf(`\n${title}\n`));
    assert.ok(
      titles.every((at, index) => at > (titles[index - 1] ?? 0)),
      all.out,
    );
    const { out } = await podtrustHere(["explain", "--help"]);
    assert.match(out, /^Examples:\n {2}podtrust token --raw/mu);
    const [, file = ""] = /^Guide: (.+)$/mu.exec(out) ?? [];
    assert.ok(existsSync(file), file);
  });

  test("ends with three examples and a page that is there, also where a command only holds others", async () => {
    for (const name of [
      "manifests",
      "apply",
      "publisher",
      "rotate",
      "completion",
      "version",
      "help",
      "plan",
    ]) {
      const { out } = await podtrustHere([...name.split(" "), "--help"]);
      const [, examples = ""] = /^Examples:\n((?: {2}podtrust .+\n){3})\n/mu.exec(out) ?? [];
      assert.ok(examples.includes(`podtrust ${name}`), out);
      const [, file = ""] = /^Guide: (.+)$/mu.exec(out) ?? [];
      assert.ok(existsSync(file), out);
    }
    assert.match((await podtrustHere(["--help"])).out, /^Guide: .+docs\/README\.md$/mu);
  });

  test("version is a command, and data with --json", async () => {
    const plain = await podtrustHere(["version"]);
    assert.equal(plain.out, (await podtrustHere(["--version"])).out);
    const { out } = await podtrustHere(["version", "--json"]);
    assert.deepEqual(JSON.parse(out), { version: plain.out.trim() });
  });
});
