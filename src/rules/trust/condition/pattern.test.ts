import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { isOnlyWildcards, matchesArn, matchesPattern, patternOf, patternText } from "./pattern.ts";
import { ownTime } from "../../../../test/support/processor-time.ts";

const like = (pattern: string, text: string): boolean => matchesPattern(patternOf(pattern), text);

describe("a pattern of StringLike", () => {
  test("* is any text, ? one character, everything else itself", () => {
    for (const [pattern, text] of [
      ["", ""],
      ["*", ""],
      ["a*", "a"],
      ["a*c", "abbc"],
      ["*a*b", "xaxbxb"],
      ["?", "é"],
      ["?", "😀"],
      ["a?c*", "abcde"],
      ["**", "x"],
      ["a.c", "a.c"],
    ] as const) {
      assert.ok(like(pattern, text), `${pattern} ${text}`);
    }
    for (const [pattern, text] of [
      ["", "a"],
      ["?", ""],
      ["a", "A"],
      ["a*c", "abcd"],
      ["a.c", "abc"],
      ["*b", "a"],
      ["a?", "a"],
      ["[a]", "a"],
    ] as const) {
      assert.ok(!like(pattern, text), `${pattern} ${text}`);
    }
  });

  test("a hostile pattern takes no exponential time", async () => {
    const took = await ownTime(() => assert.ok(!like("*a".repeat(500), `${"a".repeat(499)}b`.repeat(8))));
    assert.ok(took < 2000, `${took} ms`);
  });

  test("a pattern of stars and the text's own pieces always fits", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), (pieces) => {
        const clean = pieces.map((piece) => piece.replaceAll(/[*?]/gu, "x"));
        assert.ok(like(clean.join("*"), clean.join("…")));
        assert.ok(like(clean.join(""), clean.join("")));
      }),
    );
  });

  test("a pattern says what it was read from", () => {
    fc.assert(fc.property(fc.string(), (text) => patternText(patternOf(text)) === text));
  });

  test("ARNs are compared part by part", () => {
    const arn = "arn:aws:ssm:eu-central-1:111122223333:parameter/a:b";
    const fits = (pattern: string, actual = arn): boolean => matchesArn(patternOf(pattern), actual);
    assert.ok(fits(arn));
    assert.ok(fits("arn:aws:ssm:*:*:parameter/*"));
    assert.ok(fits("arn:aws:ssm:*:111122223333:*"));
    assert.ok(!fits("arn:aws:ssm:*:parameter/a:b"), "five parts");
    assert.ok(!fits("arn:aws:*:111122223333:parameter/*:x"));
    assert.ok(!fits("arn:aws:ssm:eu*:parameter/a:b:c"));
    assert.ok(!fits(arn, "not an arn"));
    assert.ok(!fits("*"));
  });

  test("of wildcards alone is distinguished from others", () => {
    assert.ok(["*", "?", "**?"].every(isOnlyWildcards));
    assert.ok(!["", "a*", "system:*"].some(isOnlyWildcards));
  });
});
