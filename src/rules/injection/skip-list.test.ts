import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isShortSkipList, skippedContainers } from "./skip-list.ts";

describe("a list of containers to skip", () => {
  test("is counted in characters as CEL counts them, and not in halves of them", () => {
    const astral = "\u{1F511}";
    assert.equal(isShortSkipList(astral.repeat(4096)), true);
    assert.equal(isShortSkipList(astral.repeat(4097)), false);
    assert.equal(isShortSkipList("a".repeat(4096)), true);
    assert.equal(isShortSkipList("a".repeat(4097)), false);
  });

  test("that is too long skips nothing", () => {
    assert.deepEqual(skippedContainers("a".repeat(4097)), []);
    assert.deepEqual(skippedContainers("a,b"), ["a", "b"]);
    assert.deepEqual(skippedContainers(undefined), []);
  });
});
