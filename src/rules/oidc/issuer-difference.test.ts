import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { issuerDifference } from "./index.ts";
import { ownTime } from "../../../test/support/processor-time.ts";

describe("the difference of two issuers", () => {
  test("two equal issuers do not differ", () => {
    assert.equal(issuerDifference("https://a.example", "https://a.example"), undefined);
  });

  const differences: readonly [string, string, string, number][] = [
    ["https://a.example", "https://a.example/", "trailing-slash", 17],
    ["https://a.example/x/", "https://a.example/x", "trailing-slash", 19],
    ["https://a.example", "https://a.example\n", "white-space", 17],
    [" https://a.example", "https://a.example", "white-space", 0],
    ["https://a.example", "http://a.example", "scheme", 4],
    ["https://a.example", "a.example", "scheme", 0],
    ["https://a.example", "https://a.example:443", "default-port", 17],
    ["https://a.example:443/x", "https://a.example/x", "default-port", 17],
    ["https://a.example", "https://A.example", "case", 8],
    ["https://a.example/P", "https://a.example/p", "case", 18],
    ["https://a.example", "https://b.example", "other", 8],
    ["https://a.example/a", "https://a.example?a", "other", 17],
    ["https://a.example/ü", "https://a.example/ö", "other", 19],
  ];

  for (const [expected, actual, kind, at] of differences) {
    test(`${JSON.stringify(expected)} against ${JSON.stringify(actual)}: ${kind}`, () => {
      const difference = issuerDifference(expected, actual);
      assert.equal(difference?.kind, kind);
      assert.equal(difference?.at, at);
    });
  }

  test("the sentence names both sides, the bytes and which of them has the slash", () => {
    const names = { expected: "the provider in IAM", actual: "iss of the token" };
    assert.equal(
      issuerDifference("https://a.example", "https://a.example/", names)?.message,
      'the provider in IAM is "https://a.example", iss of the token is "https://a.example/": the second ends in a slash and the other does not, which makes two issuers of them (byte 17: its end against 0x2f)',
    );
    assert.match(
      issuerDifference("https://a.example/", "https://a.example")?.message ?? "",
      /: the first ends in a slash/u,
    );
  });

  test("property: any two texts that are not equal differ at the first byte that differs", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (a, b) => {
        const difference = issuerDifference(a, b);
        if (a === b) return assert.equal(difference, undefined);
        assert.ok(difference !== undefined);
        const [bytesA, bytesB] = [Buffer.from(a), Buffer.from(b)];
        assert.deepEqual(bytesA.subarray(0, difference.at), bytesB.subarray(0, difference.at));
        return assert.notEqual(bytesA[difference.at], bytesB[difference.at]);
      }),
    );
  });

  test("two issuers of slashes are compared in time that grows with their length", async () => {
    // At 4 ns for each pair of characters a quadratic comparison takes more than a minute.
    const slashes = "/".repeat(200_000);
    const compare = (): void =>
      assert.equal(issuerDifference(`https://a${slashes}x`, `https://b${slashes}y`)?.kind, "other");
    assert.ok((await ownTime(compare)) < 5000);
  });
});
