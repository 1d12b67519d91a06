import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { grantOf, providerUrl, refuses, trust } from "../fixture.ts";

const refusal = {
  rule: "subject-text",
  code: "InternalFailure",
  status: 500,
  text: "Unknown error validating third-party token",
};

describe("STS rule subject-text", () => {
  for (const sub of [null, true, ["a"], { a: 1 }]) {
    test(`refuses sub ${JSON.stringify(sub)}`, () => refuses({ claims: { sub } }, refusal));
  }

  for (const [sub, subject] of [
    ["", ""],
    ["x", "x"],
    ["s".repeat(300), "s".repeat(300)],
    [123, "123"],
  ] as const) {
    test(`accepts a sub ${String(sub).slice(0, 5)} of ${String(sub).length} characters`, async () => {
      const grant = await grantOf({
        claims: { sub },
        trust: trust({ StringEquals: { [`${providerUrl}:sub`]: subject } }),
      });
      assert.equal(grant.subject, subject);
    });
  }
});
