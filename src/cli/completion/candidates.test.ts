import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { candidates } from "./candidates.ts";
import type { CompletionNode } from "./tree.ts";

const leaf = { options: [], choices: [], commands: [] };
const root: CompletionNode = {
  ...leaf,
  path: [],
  description: "all",
  commands: [
    { ...leaf, path: ["status"], description: "check" },
    {
      ...leaf,
      path: ["rotate"],
      description: "keys",
      commands: [{ ...leaf, path: ["rotate", "status"], description: "show keys" }],
    },
    {
      ...leaf,
      path: ["plan"],
      description: "show",
      options: [
        { flags: ["-f", "--file"], description: "config", takesValue: true, choices: [] },
        { flags: ["--form"], description: "form", takesValue: true, choices: ["text", "table"] },
        { flags: ["--check"], description: "exit 3", takesValue: false, choices: [] },
      ],
    },
    { ...leaf, path: ["completion"], description: "script", choices: ["bash", "zsh"] },
  ],
};

const words = (...typed: string[]): readonly string[] =>
  candidates(root, typed).words.map(({ word }) => word);

describe("what completes a word", () => {
  test("commands at the beginning, those that begin with what was typed", () => {
    assert.deepEqual(words(""), ["status", "rotate", "plan", "completion"]);
    assert.deepEqual(words("st"), ["status"]);
    assert.deepEqual(words("x"), []);
  });

  test("commands inside a command, and the closed list of an argument", () => {
    assert.deepEqual(words("rotate", ""), ["status"]);
    assert.deepEqual(words("completion", "z"), ["zsh"]);
  });

  test("options behind a hyphen, with what they are for", () => {
    assert.deepEqual(candidates(root, ["plan", "--c"]), {
      words: [{ word: "--check", description: "exit 3" }],
      files: false,
    });
  });

  test("the value of an option: its closed list, or a file, and never a command", () => {
    assert.deepEqual(words("plan", "--form", "ta"), ["table"]);
    assert.deepEqual(candidates(root, ["plan", "-f", ""]), { words: [], files: true });
    assert.deepEqual(words("plan", "--form", "status", "--ch"), ["--check"]);
    assert.equal(candidates(root, ["plan", "--check", ""]).files, true);
  });
});
