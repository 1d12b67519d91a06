import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isTexts, textsOf } from "./index.ts";

describe("lists of texts in unknown JSON", () => {
  test("a list is one of texts when nothing else is in it", () => {
    for (const list of [[], [""], ["a", "b"]]) assert.equal(isTexts(list), true);
    for (const other of [["a", 1], [null], [["a"]], "a", { 0: "a", length: 1 }, undefined, null])
      assert.equal(isTexts(other), false);
  });

  test("what is no text is left out", () => {
    assert.deepEqual(textsOf(["a", 1, null, ["b"], "c"]), ["a", "c"]);
    for (const other of ["a", { 0: "a", length: 1 }, undefined, null]) assert.deepEqual(textsOf(other), []);
  });
});
