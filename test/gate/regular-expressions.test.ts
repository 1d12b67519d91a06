import assert from "node:assert/strict";
import { test } from "node:test";
import { slowness } from "../../tools/lint/regular-expressions.ts";
import { linted } from "./linted.ts";

test("regular expressions of quadratic and exponential time are found, each with its cause", () => {
  const slow: readonly (readonly [RegExp, RegExp])[] = [
    // Of Accept-Encoding, as it was attacked.
    [/^\s*q\s*=\s*(\S*)\s*$/iu, /\\s\* and \\s\* share characters: quadratic/u],
    // Of the difference of two issuers, as it was attacked.
    [/\/+$/u, /the search begins anew at each character that \\\/\+ takes/u],
    [/^(?:a+)+$/u, /exponential/u],
    [/^\w*\d*x$/v, /share characters: quadratic/u],
  ];
  for (const [{ source, flags }, cause] of slow)
    assert.match(slowness(source, flags).join("\n"), cause, source);
});

test("regular expressions of linear time pass", () => {
  for (const { source, flags } of [
    /(?<!\/)\/+$/u,
    /^[A-Za-z0-9_-]{1,256}$/u,
    /^https?:\/\/([^/?#]+)(\/[^#]*)?$/iu,
  ])
    assert.deepEqual(slowness(source, flags), []);
});

test("npm run lint fails on a regular expression of quadratic time", () => {
  const said = linted({
    "slow.ts": "export const slow = (text: string): boolean => /^\\s*=\\s*\\s*x$/u.test(text);\n",
  });
  assert.match(said, /slow\.ts:[^\n]*linear-regular-expressions/u);
});
