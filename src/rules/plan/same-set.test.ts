import assert from "node:assert/strict";
import { test } from "node:test";
import { sameSet } from "./index.ts";

test("lists are the same set whatever their order, and no other once one has more", () => {
  assert.equal(sameSet([], []), true);
  assert.equal(sameSet(["a", "b"], ["b", "a"]), true);
  for (const other of [[], ["a"], ["a", "c"], ["a", "b", "c"]])
    assert.equal(sameSet(["a", "b"], other), false);
});
