import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepts, grantOf, refuses } from "../gcp-fixture.ts";
import { now } from "../fixture.ts";

describe("Google's rule subject-token-time", () => {
  const expected = (iat: number | null) => ({
    rule: "subject-token-time",
    code: "invalid_grant",
    text: `ID Token issued at ${iat} is stale to sign-in.`,
  });
  for (const [name, claims, iat = now - 60] of [
    ["one that expired 61 seconds ago", { exp: now - 61 }],
    ["one without exp", { exp: undefined }],
    ["one without iat, and calls it null", { iat: undefined }, null],
    ["one that is issued 119 seconds from now", { iat: now + 119 }, now + 119],
    ["one that was issued more than a day ago", { iat: now - 86_401 }, now - 86_401],
  ] as const)
    test(`refuses ${name}`, () => refuses({ claims }, expected(iat)));

  test("accepts a minute both ways", async () => {
    const { expiresIn } = await grantOf({ claims: { exp: now - 59 } });
    assert.equal(expiresIn, 0);
    await accepts({ claims: { iat: now + 60 } });
  });
  test("accepts a token of eleven years, and gives an hour", async () => {
    assert.equal((await grantOf({ claims: { exp: now + 11 * 365 * 86_400 } })).expiresIn, 3600);
  });
});
