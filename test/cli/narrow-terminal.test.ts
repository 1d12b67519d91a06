/** Every command's words on a terminal of 60 and of 80 columns. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Host } from "../../src/cli/index.ts";
import { podtrust } from "../../src/cli/commands.ts";
import { everyUse } from "../../src/core/command-line/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { assertFits, assertSameWords } from "../support/narrow.ts";
import { configText, stackWorld } from "../support/stack-world.ts";

/** A terminal of so many columns, and a pipe where there is none. */
function screen(columns: number | undefined): Partial<Host> & { readonly said: { text: string } } {
  const said = { text: "" };
  const write = (more: string): void => void (said.text += more);
  const stream = columns === undefined ? { write } : { isTTY: true, columns, write };
  return { said, stdout: stream, stderr: stream, env: { NO_COLOR: "1" } };
}

const commands = Object.keys(await everyUse(podtrust)).map((name) => [...name.split(" "), "--help"]);
const asked = [
  ["--help"],
  ...commands,
  ["nope"],
  ["plan", "-f", "absent.yaml"],
  ["token", "a"],
  ["explain"],
  ["rotate", "status", "--state", "/nonexistent/podtrust"],
];

for (const columns of [60, 80]) {
  describe(`a terminal of ${columns} columns`, () => {
    for (const args of asked) {
      test(`has no line that is wider, and every word whole: podtrust ${args.join(" ")}`, async () => {
        const [narrow, pipe] = [screen(columns), screen(undefined)];
        await podtrustHere(args, narrow);
        await podtrustHere(args, pipe);
        assert.ok(narrow.said.text.length > 0);
        assertFits(narrow.said.text, columns);
        assertSameWords(narrow.said.text, pipe.said.text);
      });
    }

    test("shows plans, their outcome and every link of the chain within its width", async (t) => {
      const world = await stackWorld(t);
      await world.config(configText(world.issuer.issuer));
      const words = ["plan", "up --yes", "status", "test", "output", "plan --down", "down --yes"];
      for (const line of words) {
        const narrow = screen(columns);
        await world.podtrust(line.split(" "), narrow);
        assert.ok(narrow.said.text.length > 0, line);
        assertFits(narrow.said.text, columns);
      }
      const init = [
        "init",
        "--no-detect",
        "--cluster",
        "--issuer",
        "x.example.com",
        "--account",
        "111122223333",
      ];
      const narrow = screen(columns);
      await podtrustHere([...init, "-f", "new.yaml"], { cwd: world.folder, ...narrow });
      assertFits(narrow.said.text, columns);
    });
  });
}
