import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { grantOf, refusalOf, refuses } from "../azure-fixture.ts";
import { tail } from "../azure-fixture.ts";

describe("Azure's rule credential-subject", () => {
  const expected = (number: number, sub: string, more = "") => ({
    rule: "credential-subject",
    code: "invalid_client",
    status: 401,
    text: `AADSTS${number}: No matching federated identity record found for presented assertion subject '${sub}'.${more}${tail}`,
  });
  test("refuses another ServiceAccount, and says whose credentials there are", async () => {
    const sub = "system:serviceaccount:shop:other";
    const { why } = await refusalOf({ claims: { sub } }, expected(700_213, sub));
    assert.match(why, /are for system:serviceaccount:shop:cart$/u);
  });
  test("refuses upper case for lower", () => {
    const sub = "system:serviceaccount:Shop:cart";
    const more =
      " The subject matches with case-insensitive comparison, but not with case-sensitive comparison.";
    return refuses({ claims: { sub } }, expected(7_002_138, sub, more));
  });
  test("accepts the credential's own", async () => {
    assert.equal((await grantOf()).credential.name, "cart");
  });
});
