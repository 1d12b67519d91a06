import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isDeeper } from "./depth.ts";

describe("how deep a JSON text goes", () => {
  const deeper = (text: string, most: number): boolean => isDeeper(Buffer.from(text), most);

  test("counts lists and objects that stand in one another, and those beside one another once", () => {
    assert.equal(deeper('{"a":[{"b":[]}]}', 4), false);
    assert.equal(deeper('{"a":[{"b":[]}]}', 3), true);
    assert.equal(deeper(`[${"[],".repeat(1000)}[]]`, 2), false);
  });

  test("takes no bracket of a text for one, whatever is escaped in it", () => {
    assert.equal(deeper('["[[[", "\\"[[[", "\\\\", [1]]', 2), false);
    assert.equal(deeper('["\\\\", [[1]]]', 2), true);
  });

  test("is told of a megabyte of brackets before it is read to its end", () => {
    assert.equal(deeper("[".repeat(1_000_000), 100), true);
  });
});
