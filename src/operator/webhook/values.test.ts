import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { countValues, type ValueLimits } from "./values.ts";

describe("what a JSON text would come to", () => {
  const refused = (text: string, most: Partial<ValueLimits>): string => {
    try {
      countValues(Buffer.from(text), { depth: Infinity, values: Infinity, ...most });
      return "";
    } catch (error) {
      return (error as TypeError).message;
    }
  };
  const deeper = (text: string, depth: number): boolean => refused(text, { depth }).includes("too deep");
  const more = (text: string, values: number): boolean => refused(text, { values }).includes("values");

  test("counts lists and objects that stand in one another, and those beside one another once", () => {
    assert.equal(deeper('{"a":[{"b":[]}]}', 4), false);
    assert.equal(deeper('{"a":[{"b":[]}]}', 3), true);
    assert.equal(deeper(`[${"[],".repeat(1000)}[]]`, 2), false);
  });

  test("takes no bracket of a text for one, whatever is escaped in it", () => {
    assert.equal(deeper('["[[[", "\\"[[[", "\\\\", [1]]', 2), false);
    assert.equal(deeper('["\\\\", [[1]]]', 2), true);
  });

  test("is reported for a megabyte of brackets before it is read to its end", () => {
    assert.equal(deeper("[".repeat(1_000_000), 100), true);
  });

  test("counts what stands in lists and objects, and nothing in texts", () => {
    assert.equal(more("[1,2,3]", 4), false);
    assert.equal(more("[1,2,3]", 3), true);
    assert.equal(more('{"a,b,c,d":"e,f\\",g"}', 2), false);
    assert.equal(more(`[${"1,".repeat(1_000_000)}1]`, 100_000), true);
  });
});
