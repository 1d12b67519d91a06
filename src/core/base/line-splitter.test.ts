import assert from "node:assert/strict";
import { test } from "node:test";
import { lineSplitter } from "./line-splitter.ts";

test("lines are given whole, whatever pieces they come in, and the last one at the end", () => {
  const lines: string[] = [];
  const splitter = lineSplitter((line) => lines.push(line));
  for (const piece of ["a", "b\nc\r", "\n\nd"]) splitter.push(piece);
  assert.deepEqual(lines, ["ab", "c", ""]);
  splitter.end();
  splitter.end();
  assert.deepEqual(lines, ["ab", "c", "", "d"]);
});

test("a line without an end is given in parts, and held no longer", () => {
  const parts: number[] = [];
  const splitter = lineSplitter((line) => parts.push(line.length), 100);
  for (let n = 0; n < 10; n += 1) splitter.push("x".repeat(60));
  assert.deepEqual(parts, [120, 120, 120, 120, 120]);
});
