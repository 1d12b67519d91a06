import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assert as check, property, string } from "fast-check";
import { caaText, canonicalValue, parseCaa, quoted, type RecordType } from "./index.ts";

const same: readonly (readonly [what: string, type: RecordType, written: string, canonical: string])[] = [
  ["a text in quotes", "TXT", '"v=spf1 -all"', "v=spf1 -all"],
  ["a text without quotes", "TXT", "v=spf1 -all", "v=spf1 -all"],
  ["a text that is one quote", "TXT", '"', '"'],
  ["a text that only begins with a quote", "TXT", '"a', '"a'],
  ["a long text in several strings", "TXT", '"first " "second"', "first second"],
  ["escapes of zone files", "TXT", String.raw`"a\"b\\c\065"`, String.raw`a"b\cA`],
  ["a backslash before digits", "TXT", String.raw`"\\065"`, String.raw`\065`],
  [
    "the issuers of a CAA record, by case, spaces and order",
    "CAA",
    '0 ISSUE "CA.example ;validationmethods=http-01;; accounturi=https://ca.example/1"',
    '0 issue "ca.example; accounturi=https://ca.example/1; validationmethods=http-01"',
  ],
  ["a CAA record against wildcards", "CAA", '128 issuewild ";"', '128 issuewild ""'],
  ["what a CAA record says beside issuers", "CAA", '0 iodef "mailto:A@b;c"', '0 iodef "mailto:A@b;c"'],
  ["what is no CAA record", "CAA", "0 issue", "0 issue"],
  ["flags beyond a byte", "CAA", '256 issue "a"', '256 issue "a"'],
  ["an IPv4 address", "A", "203.0.113.7", "203.0.113.7"],
  ["an IPv6 address in its long form", "AAAA", "2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["an address of the other family", "A", "2001:DB8::1", "2001:DB8::1"],
  ["an address with a zone", "AAAA", "FE80::1%eth0", "FE80::1%eth0"],
  ["what is no address", "AAAA", "Example.com", "Example.com"],
];

describe("a record's value is compared in one form", () => {
  for (const [what, type, written, canonical] of same) {
    test(`${type}: ${what}`, () => {
      assert.equal(canonicalValue(type, written), canonical);
    });
  }

  test("that does not change when it is made once more", () => {
    for (const [, type, , canonical] of same.filter(([, one]) => one !== "TXT"))
      assert.equal(canonicalValue(type, canonical), canonical);
  });
});

test("any text that is written in quotes is read as it was", () => {
  check(
    property(string({ unit: "grapheme" }), (text) => {
      assert.equal(canonicalValue("TXT", quoted(text)), text);
    }),
  );
  for (const text of [String.raw`\065`, '" "', String.raw`\" "`])
    assert.equal(canonicalValue("TXT", quoted(text)), text);
});

test("a CAA record is read into the parts of which it is written", () => {
  const caa = { flags: 128, tag: "issue", value: "ca.example; accounturi=https://ca.example/1" };
  assert.deepEqual(parseCaa(caaText(caa)), caa);
  assert.equal(parseCaa("issue"), undefined);
});
