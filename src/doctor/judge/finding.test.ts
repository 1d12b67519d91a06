import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { finding, ordered, worstOf } from "./finding.ts";

describe("a finding", () => {
  test("has a number and a fix where its reason is a cause, and else what the reason has", () => {
    const { number, next, link } = finding("IssuerSlash", { seen: "it" });
    assert.equal(number, "PT104");
    assert.ok(next !== "" && link === "discovery");
    const { number: none, verdict } = finding("JwksUnusual", { seen: "it", link: "dns" });
    assert.deepEqual([none, verdict], [undefined, "warning"]);
    assert.deepEqual(
      [finding("JwksServed", { seen: "it" })].map((one) => [one.verdict, one.next]),
      [["unseen", ""]],
    );
  });

  test("is reported once for each link and reason, the worst first within a link", () => {
    const some = (["AddressPrivate", "NameMissing", "NameMissing", "IssuerSlash"] as const).map((reason) =>
      finding(reason, { seen: "it" }),
    );
    assert.deepEqual(
      ordered(some).map(({ reason }) => reason),
      ["IssuerSlash", "NameMissing", "AddressPrivate"],
    );
    assert.equal(worstOf(some), "broken");
    assert.equal(worstOf([finding("NotSeenFromOutside", { seen: "it" })]), "holds");
  });
});
