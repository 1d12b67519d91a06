import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lineDiff } from "./line-diff.ts";

const shown = (before: string, after: string): string[] =>
  lineDiff(before, after).map(({ sign, text }) => sign + text);

describe("a difference of lines", () => {
  test("lines that stay are shown once, and what went comes before what came", () => {
    assert.deepEqual(shown("a\nb\nc", "a\nx\nc"), [" a", "-b", "+x", " c"]);
    assert.deepEqual(shown("a", "a\nb"), [" a", "+b"]);
    assert.deepEqual(shown("a\nb", "b"), ["-a", " b"]);
    assert.deepEqual(shown("a\nb\na", "b\na\nb"), ["-a", " b", " a", "+b"]);
  });
});
