import assert from "node:assert/strict";
import { test } from "node:test";
import { shellWord } from "./shell-word.ts";

test("a shell takes a word as it is, whatever stands in it", () => {
  const words = ["curl", "a/b.pem", "https://x:443/?", "it's $HOME", ""].map(shellWord);
  assert.deepEqual(words, ["curl", "a/b.pem", "'https://x:443/?'", String.raw`'it'\''s $HOME'`, "''"]);
});
