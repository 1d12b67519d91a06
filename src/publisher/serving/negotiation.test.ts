import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { matchesAny, prefersGzip } from "./negotiation.ts";

describe("content negotiation", () => {
  test("gzip is sent where it is asked for and liked at least as well (RFC 9110 §12.5.3)", () => {
    for (const yes of [
      "gzip",
      "GZIP",
      "x-gzip",
      "gzip, deflate, br",
      "*",
      "br, gzip;q=0.5",
      "gzip ; q=1.000",
      "identity;q=0.5, gzip;q=0.8",
      "gzip;x=1; Q = 0.3",
      "gzip;q",
    ])
      assert.equal(prefersGzip(yes), true, yes);
    for (const no of [
      "",
      "identity",
      "br",
      "gzip;q=0",
      "gzip;q=0.0, *",
      "*;q=0",
      "identity, gzip;q=0.3",
      "gzip;q=2",
      "gzip;q=abc",
      "gzip;q=0.5 1",
      "gzip;q=",
      "gzipped",
      `gzip${" ".repeat(600)}`,
    ])
      assert.equal(prefersGzip(no), false, no);
    assert.equal(prefersGzip(undefined), false);
  });

  test("If-None-Match compares weakly, in lists, and * matches (RFC 9110 §13.1.2)", () => {
    const tags = ['"abc"', '"abc-gzip"'];
    for (const yes of ['"abc"', 'W/"abc"', '"x", "abc-gzip"', "*", ' "abc" '])
      assert.equal(matchesAny(yes, tags), true, yes);
    for (const no of ["", "abc", '"x"', '"ABC"', '"abc']) assert.equal(matchesAny(no, tags), false, no);
  });

  test("property: no value of a header throws", () => {
    fc.assert(
      fc.property(
        fc.string(),
        (value) =>
          (typeof prefersGzip(value) === "boolean" && !matchesAny(value, [])) || value.trim() === "*",
      ),
    );
  });
});
